// kubectl ai gpu: prepares, shows, explains and tests the GPU nodes of a cluster.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::gpu {

const cli::Plugin& plugin();

}  // namespace kai::gpu
