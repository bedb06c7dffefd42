#include "writing.hpp"

#include <kai/output/document.hpp>

#include <ostream>
#include <utility>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using cli::Output;

bool is_document(Output output) {
  return output == Output::json || output == Output::yaml;
}

// Shows plans in the form that was asked for: a document once, at the end.
class View : public cli::PlanView {
 public:
  View(cli::Session& session, Output output, WriteInput input)
      : m_session(session), m_output(output) {
    m_report.impacts = std::move(input.impacts);
    m_report.notes = std::move(input.notes);
  }

  void show_plan(const apply::ChangeSet& set) override {
    if (is_document(m_output)) return;
    m_report.set = set;
    Context& context = m_session.context();
    context.out << plan_text(m_report, m_session.palette(), context.out_terminal.width);
    const std::string summary = output::changes_summary(set);
    if (set.pending()) context.out << summary << "\n";
    context.out << std::flush;
  }

  void show_line(const std::string& text) override {
    if (!is_document(m_output)) m_session.context().out << text << "\n" << std::flush;
  }

  void show_outcome(const apply::ChangeSet& set) override {
    if (!is_document(m_output)) {
      m_session.context().out << output::outcome_text(set, m_session.palette(), hidden_fields())
                              << std::flush;
    }
  }

  void finish(const apply::ChangeSet& set) override {
    if (!is_document(m_output)) return;
    m_report.set = set;
    m_session.context().out << output::render_document(m_output == Output::json
                                                           ? output::DocumentFormat::json
                                                           : output::DocumentFormat::yaml,
                                                       "GPUPlan", plan_json(m_report))
                            << std::flush;
  }

 private:
  cli::Session& m_session;
  Output m_output;
  PlanReport m_report;
};

}  // namespace

Result<ExitCode> plan_and_write(cli::Session& session, WriteInput input,
                                const WriteOptions& options, const AfterWrites& after) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  apply::ApplierOptions applier_options;
  applier_options.dry_run = cli::dry_run_of(options.dry_run);
  applier_options.force = options.force_conflicts ? kube::Force::yes : kube::Force::no;
  applier_options.progress = [&session](const apply::Change& change) {
    if (change.outcome == apply::Outcome::done) {
      session.progress(output::change_line(change, output::Tense::past, hidden_fields()));
    }
  };
  apply::Applier applier(*client, session.context().cancel, std::move(applier_options));

  say_busy(session, "asking the server what would change");
  KAI_TRY_ASSIGN(const apply::Plan plan, applier.plan(std::move(input.steps)));
  View view(session, options.output, std::move(input));
  cli::WriteOptions write = options;
  write.way_back = ", or undo to take them back";
  return cli::write_plan(session, applier, plan, view, write, after);
}

}  // namespace kai::gpu
