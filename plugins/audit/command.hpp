// kubectl ai audit: options and wiring; the work is kai/audit's and kai/output's.
#pragma once

#include <kai/cli/run.hpp>

namespace kai::audit_command {

const cli::Plugin& plugin();

}  // namespace kai::audit_command
