// `kubectl ai profile init`: a profile that says what the cluster has now.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::ai {

// Prints the profile; writes nothing to the cluster. What could not be read is a warning, and
// a comment of the profile.
Result<cli::ExitCode> init_profile(cli::Session& session);

}  // namespace kai::ai
