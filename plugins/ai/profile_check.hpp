// `kubectl ai profile check`: whether profiles are what every plugin will take.
#pragma once

#include <kai/cli/run.hpp>

#include <string>
#include <vector>

namespace kai::ai {

// Reads each file and prints its problems and warnings, one a line, as compilers do. Asks no
// cluster. Exit code: findings when a profile has problems.
Result<cli::ExitCode> check_profiles(cli::Session& session,
                                     const std::vector<std::string>& filenames, cli::Output format);

}  // namespace kai::ai
