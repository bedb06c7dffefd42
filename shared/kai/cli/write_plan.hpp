// What commands that write have in common: show the plan, ask, write, and say exactly what
// was done when something went wrong.
#pragma once

#include <kai/apply/applier.hpp>
#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/cli/session.hpp>
#include <kai/kube/client.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kai::cli {

struct WriteOptions {
  DryRunMode dry_run = DryRunMode::none;
  bool yes = false;
  bool force_conflicts = false;
  // Show what would change, and exit with 1 when something would.
  bool only_plan = false;
  std::string question;       // "Set up 3 nodes?"
  std::string nothing_to_do;  // "Nothing to do: …"; may be empty
  // How what was written can be taken back: ", or undo to take them back".
  std::string way_back;
  // Why nothing of a plan with changes may be written. The plan is shown all the same.
  std::optional<Error> refusal;
};

// How a command shows its plan; each is given the changes as they are known by then.
class PlanView {
 public:
  PlanView() = default;
  virtual ~PlanView() = default;
  PlanView(const PlanView&) = delete;
  PlanView& operator=(const PlanView&) = delete;

  virtual void show_plan(const apply::ChangeSet& set) = 0;
  virtual void show_line(const std::string& text) = 0;
  // After writes of which some failed: every one of them.
  virtual void show_outcome(const apply::ChangeSet& set) = 0;
  // Once, at the end: where a document is written instead of all that.
  virtual void finish(const apply::ChangeSet& set) = 0;
};

// Runs after successful writes and before the result is told; gets what was written.
using AfterWrites = std::function<Result<>(const apply::ChangeSet&)>;

apply::DryRun dry_run_of(DryRunMode mode);

// Shows a plan, asks, and carries it out. Errors: conflicts without force, the refusal, and what
// went wrong while writing, with a hint that says how much was written.
Result<ExitCode> write_plan(Session& session, apply::Applier& applier, const apply::Plan& plan,
                            PlanView& view, const WriteOptions& options,
                            const AfterWrites& after = {});

// What takes a moment, for somebody who waits at a terminal; logs and scripts only hear
// of events.
void say_busy(Session& session, std::string_view what);

// A client of its own that a Ctrl-C does not end: for cleaning up and for finding out what
// was done. Each of its requests ends after a few seconds. `context` must outlive it.
Result<std::unique_ptr<kube::Client>> connect_for_cleanup(Session& session, const Context& context);
Context context_for_cleanup(Session& session);

}  // namespace kai::cli
