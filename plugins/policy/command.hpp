// kubectl ai policy: what NetworkPolicies let through.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::policy {

const cli::Plugin& plugin();

}  // namespace kai::policy
