// kubectl ai audit install and uninstall: audits that run in the cluster.
#pragma once

#include <kai/cli/commands.hpp>

namespace kai::audit_command {

void define_install(cli::Commands& commands);

}  // namespace kai::audit_command
