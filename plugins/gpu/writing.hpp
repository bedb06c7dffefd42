// What this plugin's commands that write have in common: how they show a plan, and whom it
// hits. The rest is kai/cli's.
#pragma once

#include "plan_text.hpp"

#include <kai/apply/applier.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/cli/session.hpp>
#include <kai/cli/write_plan.hpp>

#include <string>
#include <vector>

namespace kai::gpu {

using cli::AfterWrites;
using cli::connect_for_cleanup;
using cli::context_for_cleanup;
using cli::say_busy;

struct WriteOptions : cli::WriteOptions {
  cli::Output output = cli::Output::table;
};

struct WriteInput {
  std::vector<apply::Step> steps;
  std::vector<Impact> impacts;
  std::vector<std::string> notes;
};

Result<cli::ExitCode> plan_and_write(cli::Session& session, WriteInput input,
                                     const WriteOptions& options, const AfterWrites& after = {});

}  // namespace kai::gpu
