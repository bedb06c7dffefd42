// The commands of the plugin; each adds itself with its flags.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::quota {

void add_apply(cli::Commands& commands);  // plan and apply
void add_undo(cli::Commands& commands);
void add_status(cli::Commands& commands);

}  // namespace kai::quota
