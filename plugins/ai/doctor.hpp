// `kubectl ai doctor`: what stands between this user and a working `kubectl ai`.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::ai {

// Checks this machine, the kubeconfig, the server and the user's rights, and prints one
// line for each. Exit code: findings when something does not work.
Result<cli::ExitCode> doctor(cli::Session& session, cli::Output output);

}  // namespace kai::ai
