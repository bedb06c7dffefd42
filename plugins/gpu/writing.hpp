// What commands that write have in common: show the plan, ask, write, and say exactly
// what was done when something went wrong.
#pragma once

#include "plan_text.hpp"

#include <kai/apply/applier.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/cli/session.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kai::gpu {

struct WriteOptions {
  cli::Output output = cli::Output::table;
  cli::DryRunMode dry_run = cli::DryRunMode::none;
  bool yes = false;
  bool force_conflicts = false;
  // `plan`: show what would change, and exit with 1 when something would.
  bool only_plan = false;
  std::string question;       // "Set up 3 nodes?"
  std::string nothing_to_do;  // "Nothing to do: …"
};

struct WriteInput {
  std::vector<apply::Step> steps;
  std::vector<Impact> impacts;
  std::vector<std::string> notes;
};

// Runs after successful writes and before the result is told; gets what was written.
using AfterWrites = std::function<Result<>(const apply::ChangeSet&)>;

Result<cli::ExitCode> plan_and_write(cli::Session& session, WriteInput input,
                                     const WriteOptions& options, const AfterWrites& after = {});

// What takes a moment, for somebody who waits at a terminal; logs and scripts only hear
// of events.
void say_busy(cli::Session& session, std::string_view what);

// A client of its own that a Ctrl-C does not end: for cleaning up and for finding out what
// was done. Each of its requests ends after a few seconds. `context` must outlive it.
Result<std::unique_ptr<kube::Client>> connect_for_cleanup(cli::Session& session,
                                                          const Context& context);
Context context_for_cleanup(cli::Session& session);

}  // namespace kai::gpu
