#include <kai/cli/write_plan.hpp>

#include <chrono>
#include <set>
#include <utility>

namespace kai::cli {
namespace {

constexpr std::chrono::milliseconds k_cleanup_patience{5000};

std::string done_line(const apply::ChangeSet& set, DryRunMode mode) {
  std::size_t created = 0;
  std::size_t configured = 0;
  std::size_t removed = 0;
  std::size_t writes = 0;
  std::set<model::ObjectRef> seen;
  for (const apply::Change& change : set.changes) {
    if (change.action == apply::Action::unchanged) continue;
    ++writes;
    if (!seen.insert(change.ref).second) continue;
    switch (change.action) {
      case apply::Action::create: ++created; break;
      case apply::Action::configure: ++configured; break;
      case apply::Action::remove: ++removed; break;
      case apply::Action::unchanged: break;
    }
  }
  std::string text;
  const auto put = [&](std::size_t count, std::string_view what) {
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(what);
    }
  };
  put(created, "created");
  put(configured, "configured");
  put(removed, "deleted");
  text += " in " + std::to_string(writes) + (writes == 1 ? " write" : " writes");
  if (mode == DryRunMode::server) text += " (server dry run: nothing was stored)";
  return text;
}

// Reads again what a lost answer left open; the command's own client may be the one that
// was cancelled.
void settle(Session& session, const apply::Plan& plan, apply::ChangeSet& set) {
  if (set.count(apply::Outcome::unknown) == 0) return;
  const Context context = context_for_cleanup(session);
  auto client = connect_for_cleanup(session, context);
  if (client) apply::Applier::settle(**client, plan, set);
}

Error how_far_it_came(Error error, const apply::ChangeSet& set, const WriteOptions& options) {
  const std::size_t open = set.count(apply::Outcome::unknown);
  const std::size_t all = set.changes.size() - set.count(apply::Action::unchanged);
  const std::size_t done = set.count(apply::Outcome::done);
  if (done + open == 0) {
    error.hint = "nothing was written";
  } else {
    error.hint = std::to_string(done) + " of " + std::to_string(all) + " writes were made" +
                 (open > 0 ? ", and of " + std::to_string(open) + " it is not known" : "") +
                 "; run the same command again to finish" + options.way_back;
  }
  return error;
}

}  // namespace

apply::DryRun dry_run_of(DryRunMode mode) {
  switch (mode) {
    case DryRunMode::client: return apply::DryRun::client;
    case DryRunMode::server: return apply::DryRun::server;
    case DryRunMode::none: break;
  }
  return apply::DryRun::none;
}

Result<ExitCode> write_plan(Session& session, apply::Applier& applier, const apply::Plan& plan,
                            PlanView& view, const WriteOptions& options, const AfterWrites& after) {
  view.show_plan(plan.set);
  if (!plan.set.pending()) {
    if (!options.nothing_to_do.empty()) view.show_line(options.nothing_to_do);
    view.finish(plan.set);
    return ExitCode::ok;
  }
  if (options.only_plan || options.dry_run == DryRunMode::client) {
    view.finish(plan.set);
    return options.only_plan ? ExitCode::findings : ExitCode::ok;
  }
  if (plan.set.has_conflicts() && !options.force_conflicts) {
    view.finish(plan.set);
    return fail(apply::conflict_error(plan.set));
  }
  if (options.refusal) {
    view.finish(plan.set);
    return fail(*options.refusal);
  }
  if (options.dry_run == DryRunMode::none) {
    KAI_TRY_ASSIGN(const bool agreed, session.confirm(options.question, options.yes));
    if (!agreed) {
      session.note("nothing was written");
      return ExitCode::findings;
    }
  }

  apply::Applied applied = applier.run(plan);
  settle(session, plan, applied.set);
  if (applied.error) {
    view.show_outcome(applied.set);
    view.finish(applied.set);
    return fail(how_far_it_came(*std::move(applied.error), applied.set, options));
  }
  view.show_line(done_line(applied.set, options.dry_run));
  Result<> waited;
  if (after && options.dry_run == DryRunMode::none) waited = after(applied.set);
  view.finish(applied.set);
  KAI_TRY(std::move(waited));
  return ExitCode::ok;
}

void say_busy(Session& session, std::string_view what) {
  if (session.context().err_terminal.is_terminal) session.progress(what);
}

Context context_for_cleanup(Session& session) {
  Context context = session.context();
  context.cancel = Cancel();
  return context;
}

Result<std::unique_ptr<kube::Client>> connect_for_cleanup(Session& session,
                                                          const Context& context) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  kube::ClusterAccess access = client->access();
  if (access.request_timeout.count() == 0 || access.request_timeout > k_cleanup_patience) {
    access.request_timeout = k_cleanup_patience;
  }
  return kube::Client::connect(std::move(access), context);
}

}  // namespace kai::cli
