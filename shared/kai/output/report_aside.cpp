#include <kai/output/report_aside.hpp>

#include <kai/audit/rule.hpp>
#include <kai/output/report_json.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kai::output {
namespace {

using audit::KnownFinding;
using State = audit::ExceptionNote::State;

constexpr std::size_t k_brief_lines = 12;

std::string counted(std::size_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

Style style_of(std::string_view severity) {
  if (severity == "error") return Style::bad;
  return severity == "warning" ? Style::warning : Style::accent;
}

class Lines {
 public:
  explicit Lines(const ReportOptions& options) : m_options(options) {}

  [[nodiscard]] bool wide() const { return m_options.detail == Detail::wide; }
  [[nodiscard]] std::string paint(Style style, std::string_view text) const {
    return m_options.palette.paint(style, text);
  }

  void title(Style style, std::string_view word, const std::string& text) {
    m_text += paint(style, word) + "  " +
              wrap_hanging(text, display_width(word) + 2, m_options.width) + "\n";
  }

  // The lines of a list: all of them, or in brief the first.
  template <class List, class Write>
  void list(const List& entries, const Write& write) {
    const std::size_t size = entries.size();
    const std::size_t shown = wide() || size <= k_brief_lines + 1 ? size : k_brief_lines;
    for (std::size_t i = 0; i < shown; ++i) write(entries[i]);
    if (shown < size) {
      m_text +=
          "  " +
          paint(Style::dim, "and " + std::to_string(size - shown) + " more; -o wide shows all") +
          "\n";
    }
  }

  // "  Deployment ml/trainer  gpu-shm-small: what about it".
  void finding(const model::ObjectRef& object, std::string_view rule, std::string_view severity,
               const std::string& text) {
    const std::string name = safe_text(object.to_string());
    m_text += "  " + name + "\n    " +
              hanging(std::string(rule), style_of(severity), ": " + text, 4) + "\n";
  }

  void known(const KnownFinding& finding_known) {
    finding(finding_known.object, safe_text(finding_known.rule), finding_known.severity,
            finding_known.message);
  }

  void note(const audit::ExceptionNote& note) {
    const std::string text = ": " + note.rule + (note.scope.empty() ? "" : " for " + note.scope) +
                             (note.state == State::invalid ? ": " : " ") + note.message;
    m_text += "  " + hanging(note.given, Style::bold, text, 4) + "\n";
  }

  void text(std::string_view text) { m_text += text; }
  std::string take() { return std::move(m_text); }

 private:
  // Text of which the first words are painted, unless they had to be broken.
  [[nodiscard]] std::string hanging(const std::string& head, Style style, const std::string& rest,
                                    int indent) const {
    const std::string safe = safe_text(head);
    std::string lines = wrap_hanging(safe + rest, indent, m_options.width);
    if (!lines.starts_with(safe)) return lines;
    return paint(style, safe) + lines.substr(safe.size());
  }

  const ReportOptions& m_options;
  std::string m_text;
};

void write_exceptions(const audit::Report& report, Lines& lines) {
  if (!report.excepted.empty()) {
    const std::size_t count = report.excepted.size();
    lines.text("\n");
    lines.title(
        Style::bold, "EXCEPTED",
        counted(count, "finding") + (count == 1 ? " does" : " do") + " not count" +
            (lines.wide() ? "" : "; -o wide shows " + std::string(count == 1 ? "it" : "them")));
    if (lines.wide()) {
      lines.list(report.excepted, [&](const audit::Excepted& excepted) {
        lines.finding(excepted.finding.object, excepted.finding.rule->id,
                      audit::to_string(excepted.finding.rule->severity),
                      excepted.reason + " (until " + excepted.until + "; " + excepted.given + ")");
      });
    }
  }
  const auto& notes = report.exception_notes;
  if (notes.empty()) return;
  lines.text("\n");
  lines.title(Style::warning, "EXCEPTIONS", "to look at");
  for (const auto& [state, word] : {std::pair{State::expired, "expired"},
                                    {State::invalid, "not understood"},
                                    {State::unused, "unused"}}) {
    std::vector<audit::ExceptionNote> some;
    std::copy_if(notes.begin(), notes.end(), std::back_inserter(some),
                 [state = state](const auto& note) { return note.state == state; });
    if (some.empty()) continue;
    lines.text(" " + std::string(word) + "\n");
    lines.list(some, [&](const audit::ExceptionNote& note) { lines.note(note); });
  }
}

void write_baseline(const audit::AgainstBaseline& baseline, Lines& lines) {
  lines.text("\n");
  lines.title(Style::bold, "BASELINE",
              counted(baseline.known.size(), "finding") + " known to " + baseline.file + ", " +
                  std::to_string(baseline.gone.size()) + " gone" +
                  (baseline.known.empty() || lines.wide() ? "" : "; -o wide shows what is known"));
  if (lines.wide() && !baseline.known.empty()) {
    lines.text(" known\n");
    lines.list(baseline.known,
               [&](const audit::Finding& finding) { lines.known(audit::to_known(finding)); });
  }
  if (baseline.gone.empty()) return;
  lines.text(" gone; --write-baseline takes " +
             std::string(baseline.gone.size() == 1 ? "it" : "them") + " out\n");
  lines.list(baseline.gone, [&](const KnownFinding& finding) { lines.known(finding); });
}

model::Json findings_to_json(const std::vector<KnownFinding>& findings) {
  model::Json list = model::Json::array();
  for (const KnownFinding& finding : findings) list.push_back(known_finding_to_json(finding));
  return list;
}

}  // namespace

std::string render_set_aside(const audit::Report& report, const ReportOptions& options) {
  Lines lines(options);
  write_exceptions(report, lines);
  if (report.baseline) write_baseline(*report.baseline, lines);
  return lines.take();
}

std::string render_diff(const audit::ReportDiff& diff, const ReportOptions& options) {
  Lines lines(options);
  const auto section = [&](Style style, std::string_view word, const std::string& about,
                           const std::vector<KnownFinding>& findings) {
    if (findings.empty()) return;
    lines.title(style, word, counted(findings.size(), "finding") + about);
    lines.list(findings, [&](const KnownFinding& finding) { lines.known(finding); });
    lines.text("\n");
  };
  section(Style::bad, "NEW", "", diff.fresh);
  section(Style::good, "GONE", "", diff.gone);
  section(Style::warning, "NOT CHECKED",
          " that the second report did not look for, or not everywhere", diff.unjudged);
  if (lines.wide()) section(Style::bold, "UNCHANGED", "", diff.unchanged);
  lines.text(
      lines.paint(Style::bold, "Summary") + "  " + std::to_string(diff.fresh.size()) + " new, " +
      std::to_string(diff.gone.size()) + " gone, " + std::to_string(diff.unchanged.size()) +
      " unchanged" +
      (diff.unjudged.empty() ? "" : ", " + std::to_string(diff.unjudged.size()) + " not checked") +
      "\n");
  return lines.take();
}

model::Json diff_to_json(const audit::ReportDiff& diff) {
  return {{"apiVersion", "kubectl-ai/v1alpha1"},
          {"kind", "AuditDiff"},
          {"new", findings_to_json(diff.fresh)},
          {"gone", findings_to_json(diff.gone)},
          {"notChecked", findings_to_json(diff.unjudged)},
          {"unchanged", findings_to_json(diff.unchanged)}};
}

}  // namespace kai::output
