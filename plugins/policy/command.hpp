// kubectl ai policy: Pod Security, NetworkPolicies and roles of namespaces.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::policy {

const cli::Plugin& plugin();

}  // namespace kai::policy
