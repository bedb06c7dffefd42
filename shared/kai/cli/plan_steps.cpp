#include <kai/cli/plan_steps.hpp>

#include <kai/output/document.hpp>
#include <kai/output/text_block.hpp>

#include <ostream>
#include <utility>

namespace kai::cli {
namespace {

// Shows plans in the form that was asked for: a document once, at the end.
class View : public PlanView {
 public:
  View(Session& session, const PlanTold& told, Output output)
      : m_session(session), m_told(told), m_output(output) {}

  void show_plan(const apply::ChangeSet& set) override {
    std::string text =
        m_told.text(set, m_session.palette(), m_session.context().out_terminal.width);
    if (set.pending()) text += output::changes_summary(set) + "\n";
    show(text);
  }
  void show_line(const std::string& text) override { show(text + "\n"); }
  void show_outcome(const apply::ChangeSet& set) override {
    show(output::outcome_text(set, m_session.palette(), m_told.hidden));
  }
  void finish(const apply::ChangeSet& set) override {
    if (!is_document()) return;
    const auto format =
        m_output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml;
    m_session.context().out << output::render_document(format, m_told.kind, m_told.json(set))
                            << std::flush;
  }

 private:
  [[nodiscard]] bool is_document() const {
    return m_output == Output::json || m_output == Output::yaml;
  }
  void show(const std::string& text) {
    if (!is_document()) m_session.context().out << text << std::flush;
  }

  Session& m_session;
  const PlanTold& m_told;
  Output m_output;
};

std::string text_of(const PlanContext& context, const apply::ChangeSet& set,
                    const output::Palette& palette, int width) {
  std::string text = output::changes_text(set, palette, width);
  const auto put = [&](std::string_view title, const std::string& lines) {
    if (lines.empty()) return;
    text += (text.empty() ? "" : "\n") + palette.paint(output::Style::bold, title) + "\n" + lines;
  };
  put(context.title, context.section);
  put("Impact", output::impacts_text(context.impacts, palette, width));
  std::string notes;
  for (const std::string& note : context.notes) {
    notes += "  " + output::wrap_hanging(note, 4, width) + "\n";
  }
  put("Notes", notes);
  if (!text.empty()) text += "\n";
  return text;
}

model::Json json_of(const PlanContext& context, const apply::ChangeSet& set) {
  model::Json json = context.document;
  json["changes"] = output::changes_json(set);
  json["impacts"] = output::impacts_json(context.impacts);
  json["notes"] = context.notes;
  json["pending"] = set.pending();
  json["summary"] = output::changes_summary_json(set);
  return json;
}

}  // namespace

PlanTold tell(std::string kind, PlanContext context) {
  const auto shared = std::make_shared<const PlanContext>(std::move(context));
  PlanTold told;
  told.kind = std::move(kind);
  told.text = [shared](const apply::ChangeSet& set, const output::Palette& palette, int width) {
    return text_of(*shared, set, palette, width);
  };
  told.json = [shared](const apply::ChangeSet& set) { return json_of(*shared, set); };
  return told;
}

void add_undo_flags(CLI::App& command, WriteOptions& options, Output& output) {
  command.add_flag("--force-conflicts", options.force_conflicts,
                   "Delete objects of ours that others apply as well");
  add_yes_flag(command, options.yes);
  add_dry_run_flag(command, options.dry_run);
  add_output_flag(command, output, {Output::table, Output::json, Output::yaml});
}

Result<TriedPlan> try_plan(Session& session, std::vector<apply::Step> steps,
                           const WriteOptions& options) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  apply::ApplierOptions applier_options;
  applier_options.dry_run = dry_run_of(options.dry_run);
  applier_options.force = options.force_conflicts ? kube::Force::yes : kube::Force::no;
  applier_options.progress = [&session](const apply::Change& change) {
    if (change.outcome == apply::Outcome::done) {
      session.progress(output::change_line(change, output::Tense::past));
    }
  };
  apply::Applier applier(*client, session.context().cancel, std::move(applier_options));
  say_busy(session, "asking the server what would change");
  KAI_TRY_ASSIGN(apply::Plan plan, applier.plan(std::move(steps)));
  return TriedPlan{std::move(applier), std::move(plan)};
}

Result<ExitCode> write_tried(Session& session, TriedPlan& tried, const PlanTold& told,
                             const WriteOptions& options, Output output, const AfterWrites& after) {
  View view(session, told, output);
  return write_plan(session, tried.applier, tried.plan, view, options, after);
}

Result<ExitCode> plan_and_write(Session& session, std::vector<apply::Step> steps,
                                const PlanTold& told, const WriteOptions& options, Output output,
                                const AfterWrites& after) {
  KAI_TRY_ASSIGN(TriedPlan tried, try_plan(session, std::move(steps), options));
  return write_tried(session, tried, told, options, output, after);
}

}  // namespace kai::cli
