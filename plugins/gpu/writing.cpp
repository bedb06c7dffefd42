#include "writing.hpp"

#include <kai/output/document.hpp>

#include <algorithm>

#include <ostream>

namespace kai::gpu {

namespace {

using cli::DryRunMode;
using cli::ExitCode;
using cli::Output;

constexpr std::chrono::milliseconds k_cleanup_patience{5000};

apply::DryRun dry_run_of(DryRunMode mode) {
  switch (mode) {
    case DryRunMode::client: return apply::DryRun::client;
    case DryRunMode::server: return apply::DryRun::server;
    case DryRunMode::none: break;
  }
  return apply::DryRun::none;
}

bool is_document(Output output) {
  return output == Output::json || output == Output::yaml;
}

// Shows reports in the form that was asked for: a document once, at the end.
class Reporter {
 public:
  Reporter(cli::Session& session, Output output) : m_session(session), m_output(output) {}

  void show_plan(const PlanReport& report) {
    if (is_document(m_output)) return;
    Context& context = m_session.context();
    context.out << plan_text(report, m_session.palette(), context.out_terminal.width);
    const std::string summary = plan_summary(report.set);
    if (report.set.pending()) context.out << summary << "\n";
    context.out << std::flush;
  }

  void show_line(const std::string& text) {
    if (!is_document(m_output)) m_session.context().out << text << "\n" << std::flush;
  }

  void show_outcome(const PlanReport& report) {
    if (!is_document(m_output)) {
      m_session.context().out << outcome_text(report.set, m_session.palette()) << std::flush;
    }
  }

  void finish(const PlanReport& report) {
    if (!is_document(m_output)) return;
    m_session.context().out << output::render_document(m_output == Output::json
                                                           ? output::DocumentFormat::json
                                                           : output::DocumentFormat::yaml,
                                                       "GPUPlan", plan_json(report))
                            << std::flush;
  }

 private:
  cli::Session& m_session;
  Output m_output;
};

std::string done_line(const apply::ChangeSet& set, DryRunMode mode) {
  std::size_t created = 0;
  std::size_t configured = 0;
  std::size_t removed = 0;
  std::size_t writes = 0;
  std::vector<model::ObjectRef> seen;
  for (const apply::Change& change : set.changes) {
    if (change.action == apply::Action::unchanged) continue;
    ++writes;
    if (std::find(seen.begin(), seen.end(), change.ref) != seen.end()) continue;
    seen.push_back(change.ref);
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
void settle(cli::Session& session, const apply::Plan& plan, apply::ChangeSet& set) {
  if (set.count(apply::Outcome::unknown) == 0) return;
  const Context context = context_for_cleanup(session);
  auto client = connect_for_cleanup(session, context);
  if (client) apply::Applier::settle(**client, plan, set);
}

}  // namespace

void say_busy(cli::Session& session, std::string_view what) {
  if (session.context().err_terminal.is_terminal) session.progress(what);
}

Context context_for_cleanup(cli::Session& session) {
  Context context = session.context();
  context.cancel = Cancel();
  return context;
}

Result<std::unique_ptr<kube::Client>> connect_for_cleanup(cli::Session& session,
                                                          const Context& context) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  kube::ClusterAccess access = client->access();
  if (access.request_timeout.count() == 0 || access.request_timeout > k_cleanup_patience) {
    access.request_timeout = k_cleanup_patience;
  }
  return kube::Client::connect(std::move(access), context);
}

Result<ExitCode> plan_and_write(cli::Session& session, WriteInput input,
                                const WriteOptions& options, const AfterWrites& after) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  Reporter reporter(session, options.output);

  apply::ApplierOptions applier_options;
  applier_options.dry_run = dry_run_of(options.dry_run);
  applier_options.force = options.force_conflicts ? kube::Force::yes : kube::Force::no;
  applier_options.progress = [&session](const apply::Change& change) {
    if (change.outcome == apply::Outcome::done) {
      session.progress(change_line(change, Tense::past));
    }
  };
  apply::Applier applier(*client, session.context().cancel, std::move(applier_options));

  say_busy(session, "asking the server what would change");
  KAI_TRY_ASSIGN(const apply::Plan plan, applier.plan(std::move(input.steps)));
  PlanReport report{plan.set, std::move(input.impacts), std::move(input.notes)};
  reporter.show_plan(report);

  if (!plan.set.pending()) {
    reporter.show_line(options.nothing_to_do);
    reporter.finish(report);
    return ExitCode::ok;
  }
  if (options.only_plan || options.dry_run == DryRunMode::client) {
    reporter.finish(report);
    return options.only_plan ? ExitCode::findings : ExitCode::ok;
  }
  if (plan.set.has_conflicts() && !options.force_conflicts) {
    reporter.finish(report);
    return fail(apply::conflict_error(plan.set));
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
  report.set = std::move(applied.set);
  if (applied.error) {
    reporter.show_outcome(report);
    reporter.finish(report);
    Error error = *std::move(applied.error);
    const std::size_t open = report.set.count(apply::Outcome::unknown);
    const std::size_t all = report.set.changes.size() - report.set.count(apply::Action::unchanged);
    const std::size_t done = report.set.count(apply::Outcome::done);
    if (done + open == 0) {
      error.hint = "nothing was written";
    } else {
      error.hint = std::to_string(done) + " of " + std::to_string(all) + " writes were made" +
                   (open > 0 ? ", and of " + std::to_string(open) + " it is not known" : "") +
                   "; run the same command again to finish, or undo to take them back";
    }
    return fail(std::move(error));
  }
  reporter.show_line(done_line(report.set, options.dry_run));
  Result<> waited;
  if (after && options.dry_run == DryRunMode::none) waited = after(report.set);
  reporter.finish(report);
  KAI_TRY(std::move(waited));
  return ExitCode::ok;
}

}  // namespace kai::gpu
