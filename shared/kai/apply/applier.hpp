// Applier: turns steps into a plan, and a plan into writes.
//
// plan() asks the server what each step would do (dry run), so that defaulting,
// admission and ownership are the server's own and not guessed. run() writes only what
// the plan found to differ. Steps for one object run one after the other in their order;
// different objects run side by side within a stage. Dry run is known here alone.
//
// Thread-safe as far as its client is; one call at a time per ChangeSet. The client must
// outlive it.
#pragma once

#include <kai/apply/change.hpp>
#include <kai/apply/order.hpp>
#include <kai/apply/step.hpp>
#include <kai/base/cancel.hpp>
#include <kai/kube/client.hpp>

#include <functional>
#include <span>
#include <vector>

namespace kai::apply {

// client: nothing is sent that could write, not even as the server's dry run; ownership
// conflicts cannot be seen then.
enum class DryRun { none, client, server };

// Called after each stage that wrote something, with what it wrote, before the next one
// begins: the place to wait until definitions are established. An error stops the run.
using StageGate = std::function<Result<>(Stage stage, std::span<const Change> written)>;

struct ApplierOptions {
  DryRun dry_run = DryRun::none;
  kube::Force force = kube::Force::no;
  // One line per object as it is done; never called from two threads at once.
  std::function<void(const Change&)> progress;
  StageGate gate;
};

// A plan and what it takes to carry it out; `steps` run parallel to `set.changes`.
struct Plan {
  std::vector<Step> steps;
  ChangeSet set;
};

// What a run came to. On failure `error` is the first one, and `set` says of every change
// whether it was made.
struct Applied {
  ChangeSet set;
  std::optional<Error> error;
};

class Applier {
 public:
  Applier(kube::Client& client, Cancel cancel, ApplierOptions options);

  // Errors: what keeps the plan from being made, naming the object. Conflicts are part of
  // the plan, not errors.
  Result<Plan> plan(std::vector<Step> steps);

  // Carries out what is pending. Refuses (conflict) when the plan has conflicts and force
  // is off: nothing is written then. A rejected object does not stop the others; a server
  // that cannot be reached, a time-out and a cancellation do.
  Applied run(const Plan& plan);

  // Reads again the objects whose outcome is unknown, through `client` (which may be
  // another connection than the one that failed), and settles what can be settled.
  static void settle(kube::Client& client, const Plan& plan, ChangeSet& set);

 private:
  struct Worker;
  kube::Client& m_client;
  Cancel m_cancel;
  ApplierOptions m_options;
};

}  // namespace kai::apply
