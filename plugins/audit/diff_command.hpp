// kubectl ai audit diff: what two reports differ in.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::audit_command {

void define_diff(cli::Commands& commands);

}  // namespace kai::audit_command
