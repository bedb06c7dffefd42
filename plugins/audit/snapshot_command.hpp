// kubectl ai audit snapshot: what a live audit reads, into a file.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::audit_command {

void define_snapshot(cli::Commands& commands);

}  // namespace kai::audit_command
