// kubectl ai quota: what the namespaces of a cluster may use, and what their pods get by default.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::quota {

const cli::Plugin& plugin();

}  // namespace kai::quota
