// The dispatcher's own commands.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::ai {

const cli::Plugin& plugin();

}  // namespace kai::ai
