// The commands of the plugin; each adds itself with its flags.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::policy {

void add_apply(cli::Commands& commands);  // plan and apply
void add_undo(cli::Commands& commands);
void add_status(cli::Commands& commands);
void add_fix(cli::Commands& commands);
void add_test(cli::Commands& commands);
void add_whocan(cli::Commands& commands);
void add_access(cli::Commands& commands);

}  // namespace kai::policy
