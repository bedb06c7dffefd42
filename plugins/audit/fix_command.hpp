// kubectl ai audit fix: the patches of an audit, shown or applied.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::audit_command {

void define_fix(cli::Commands& commands);

}  // namespace kai::audit_command
