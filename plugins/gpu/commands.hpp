// The commands of the plugin; each adds itself with its flags.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::gpu {

void add_setup(cli::Commands& commands);  // setup and plan
void add_undo(cli::Commands& commands);
void add_status(cli::Commands& commands);
void add_explain(cli::Commands& commands);
void add_test(cli::Commands& commands);

}  // namespace kai::gpu
