// Names that completion looks up: in the cluster, or in the kubeconfig.
#pragma once

#include <kai/cli/commands.hpp>
#include <kai/cli/session.hpp>

#include <string>
#include <vector>

namespace kai::cli {

// How long a shell may wait for names.
inline constexpr std::chrono::milliseconds k_completion_patience{2'000};

// The names of that kind; empty when they cannot be had. Sends at most one list.
std::vector<std::string> live_names(Session& session, Offer what);

}  // namespace kai::cli
