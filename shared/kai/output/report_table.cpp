#include <kai/output/report_table.hpp>

#include <kai/audit/grade.hpp>
#include <kai/output/report_aside.hpp>
#include <kai/output/table.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <ostream>
#include <set>
#include <tuple>
#include <vector>

namespace kai::output {
namespace {

using audit::Finding;
using audit::Report;
using audit::Severity;

constexpr std::size_t k_brief_findings = 8;  // of one rule
constexpr std::size_t k_brief_gaps = 12;
constexpr int k_widest_name = 28;
constexpr int k_label = 9;            // "Summary" and what stands below it
constexpr std::int64_t k_cells = 20;  // of the GPUs' bar

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Style::bad;
    case Severity::warning: return Style::warning;
    case Severity::info: return Style::accent;
  }
  return Style::plain;
}

std::string_view word_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "ERROR";
    case Severity::warning: return "WARNING";
    case Severity::info: return "INFO";
  }
  return "";
}

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

std::string counted(std::int64_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

// Findings of one rule, which stand together in the report.
using Group = audit::FindingSpan;

class Writer {
 public:
  Writer(const Report& report, const ReportOptions& options, std::ostream& out)
      : m_report(report), m_options(options), m_out(out) {}

  void write() {
    for (const Group& group : m_report.findings.by_rule()) write_group(group);
    write_summary();
    m_text += render_set_aside(m_report, m_options);
    write_gaps();
    flush();
  }

 private:
  void flush() {
    m_out << m_text;
    m_text.clear();
  }
  [[nodiscard]] std::string paint(Style style, std::string_view text) const {
    return m_options.palette.paint(style, text);
  }
  [[nodiscard]] bool wide() const { return m_options.detail == Detail::wide; }

  void write_group(const Group& group) {
    const audit::Rule& rule = group.rule();
    const std::string_view word = word_of(rule.severity);
    const int indent = display_width(word) + 2;
    const std::string head = std::string(rule.id) + ": " + std::string(rule.title);
    std::string lines = wrap_hanging(head, indent, m_options.width);
    // The id alone is bold; it never wraps, so it stands at the front.
    lines = paint(Style::bold, rule.id) + lines.substr(rule.id.size());
    m_text += paint(style_of(rule.severity), word) + "  " + lines + "\n";

    int column = 0;
    for (const Finding& finding : group) {
      const int width = display_width(safe_text(finding.object.to_string()));
      if (width <= k_widest_name) column = std::max(column, width);
    }
    const std::size_t shown =
        wide() || group.size() <= k_brief_findings + 1 ? group.size() : k_brief_findings;
    for (std::size_t i = 0; i < shown; ++i) write_finding(group[i], column);
    if (shown < group.size()) {
      m_text += "  " +
                paint(Style::dim,
                      "and " + std::to_string(group.size() - shown) + " more; -o wide shows all") +
                "\n";
    }
    if (!wide()) write_labelled("fix", group.shared_fix(), 2);
    m_text += "\n";
  }

  void write_finding(const Finding& finding, int column) {
    const std::string name = safe_text(finding.object.to_string());
    const int width = display_width(name);
    m_text += "  " + name;
    if (width <= column) {
      m_text += spaces(column - width + 2);
    } else {
      m_text += "\n  " + spaces(column + 2);
    }
    m_text += wrap_hanging(finding.message, column + 4, m_options.width) + "\n";
    const int indent = column + 4;
    for (const std::string& detail : finding.details) {
      m_text += spaces(indent) + wrap_hanging(detail, indent + 2, m_options.width) + "\n";
    }
    if (finding.location) {
      m_text += spaces(indent) + paint(Style::dim, safe_text(finding.location->to_string())) + "\n";
    }
    if (!wide()) return;
    if (!finding.path.empty()) write_labelled("path", finding.path.to_string(), indent);
    if (!finding.observed.empty()) write_labelled("observed", finding.observed, indent);
    if (!finding.expected.empty()) write_labelled("expected", finding.expected, indent);
    write_labelled("fix", finding.fix, indent);
    if (finding.patch) write_labelled("patch", finding.patch->body.dump(), indent);
    write_labelled("id", finding.fingerprint, indent);
    flush();
  }

  void write_labelled(std::string_view label, std::string_view text, int indent) {
    const int hanging = indent + static_cast<int>(label.size()) + 2;
    m_text += spaces(indent) + paint(Style::dim, label) + "  " +
              wrap_hanging(text, hanging, m_options.width) + "\n";
  }

  void write_summary() {
    const audit::Summary& summary = m_report.summary;
    const std::string scope =
        counted(m_report.rules, "rule") + " over " + counted(m_report.objects, "object");
    if (m_report.findings.empty()) {
      const bool blind = m_report.rules == 0 || m_report.objects == 0;
      m_text +=
          paint(blind ? Style::warning : Style::good, blind ? "Nothing checked." : "No findings.") +
          " " + scope + "\n";
    } else {
      const auto amount = [&](int count, Severity severity, std::string_view singular) {
        return paint(count > 0 ? style_of(severity) : Style::dim,
                     severity == Severity::info ? std::to_string(count) + " info"
                                                : counted(count, singular));
      };
      m_text += paint(Style::bold, "Summary") + "  " +
                amount(summary.error, Severity::error, "error") + ", " +
                amount(summary.warning, Severity::warning, "warning") + ", " +
                amount(summary.info, Severity::info, "info") + " in " +
                counted(affected_objects(), "object") + " (" + scope + ")\n";
    }
    write_gpus();
    write_grade();
  }

  [[nodiscard]] std::int64_t affected_objects() const {
    return static_cast<std::int64_t>(m_report.findings.count_objects());
  }

  // A bar in which every part can be told without colour.
  void write_gpus() {
    const audit::GpuSummary& gpus = m_report.summary.gpus;
    if (gpus.total <= 0) return;
    audit::GpuNode all;
    for (const audit::GpuNode& node : m_report.gpu_nodes) {
      all.used += node.used;
      all.free += node.free;
      all.stranded += node.stranded;
      all.lost += node.lost;
    }
    struct Part {
      std::int64_t count;
      const char* glyph;
      const char* name;
      Style style;
      bool always;  // named, though there is none
    };
    std::vector<Part> parts = {{all.used, "█", "in use", Style::good, true},
                               {all.free, "░", "free", Style::plain, true},
                               {all.stranded, "▒", "stranded", Style::warning, false},
                               {all.lost, "×", "lost", Style::bad, false}};
    if (!gpus.usage_known) {
      parts = {{all.used + all.free + all.stranded, "░", "in use or free", Style::plain, true},
               parts.back()};
    }
    const std::string bar = write_bar(parts);
    std::string words;
    for (const Part& part : parts) {
      if (part.count == 0 && !part.always) continue;
      words += (words.empty() ? "" : ", ") + std::to_string(part.count) + " " + part.name;
    }
    if (gpus.unprotected > 0) words += "; " + std::to_string(gpus.unprotected) + " unprotected";
    const std::string head = std::to_string(gpus.total) + " ";
    const int indent = k_label + static_cast<int>(head.size() + k_cells) + 1;
    m_text += paint(Style::bold, "GPUs") + spaces(k_label - 4) + head + bar + " " +
              wrap_hanging(words, indent, m_options.width) + "\n";
  }

  template <typename Parts>
  std::string write_bar(const Parts& parts) const {
    std::string bar;
    std::int64_t drawn = 0;
    std::int64_t seen = 0;
    std::int64_t all = 0;
    for (const auto& part : parts) all += part.count;
    for (const auto& part : parts) {
      seen += part.count;
      std::int64_t upto = (seen * k_cells + all / 2) / std::max<std::int64_t>(all, 1);
      if (part.count > 0) upto = std::max(upto, drawn + 1);  // what exists is visible
      upto = std::min(upto, k_cells);
      std::string cells;
      for (; drawn < upto; ++drawn) cells += part.glyph;
      bar += paint(part.style, cells);
    }
    return bar;
  }

  void write_grade() {
    const auto grade = audit::grade(m_report);
    if (!grade) return;
    // "No findings" has said it.
    if (m_report.findings.empty() && grade->letter == 'A') return;
    const Style style = grade->letter < 'B'   ? Style::good
                        : grade->letter < 'D' ? Style::warning
                                              : Style::bad;
    m_text += paint(Style::bold, "Grade") + "    " + paint(style, std::string(1, grade->letter)) +
              (grade->at_best ? " at best" : "") + ": " + grade->reason + "\n";
  }

  void write_gaps() {
    const auto& gaps = m_report.coverage.not_checked;
    if (gaps.empty()) return;
    m_text += "\n" + paint(Style::warning, "NOT CHECKED") + "  what follows could not be read\n";
    const std::size_t shown =
        wide() || gaps.size() <= k_brief_gaps + 1 ? gaps.size() : k_brief_gaps;
    for (std::size_t i = 0; i < shown; ++i) {
      const audit::NotChecked& gap = gaps[i];
      const std::string what =
          gap.location ? safe_text(gap.location->to_string()) : safe_text(gap.kind);
      m_text += "  " + paint(Style::bold, what) + ": " +
                wrap_hanging(gap.reason, 4,
                             m_options.width > 0 ? m_options.width - display_width(what) : 0) +
                "\n";
      if (gap.rules.empty()) continue;
      std::string rules;
      for (const std::string& rule : gap.rules) rules += (rules.empty() ? "" : ", ") + rule;
      write_labelled("rules", rules, 4);
    }
    if (shown < gaps.size()) {
      m_text += "  " +
                paint(Style::dim,
                      "and " + std::to_string(gaps.size() - shown) + " more; -o wide shows all") +
                "\n";
    }
  }

  const Report& m_report;
  const ReportOptions& m_options;
  std::ostream& m_out;
  std::string m_text;
};

std::string_view where_of(const audit::Rule& rule) {
  switch (rule.where) {
    case audit::Where::cluster: return "cluster";
    case audit::Where::files: return "files";
    case audit::Where::both: return "cluster and files";
  }
  return "";
}

}  // namespace

void write_report_table(const audit::Report& report, const ReportOptions& options,
                        std::ostream& out) {
  Writer(report, options, out).write();
}

std::string render_rule(const audit::Rule& rule, const ReportOptions& options) {
  const Palette& palette = options.palette;
  const auto section = [&](std::string_view name, std::string_view text) {
    return "\n" + palette.paint(Style::bold, name) + "\n  " + wrap_hanging(text, 2, options.width) +
           "\n";
  };
  std::string kinds;
  for (const audit::KindInfo& kind : audit::all_kinds()) {
    if (!rule.needs.has(kind.kind) && !rule.reads.has(kind.kind)) continue;
    kinds += (kinds.empty() ? "" : ", ") + std::string(kind.name);
  }
  std::string text = palette.paint(Style::bold, rule.id) + "  " +
                     palette.paint(style_of(rule.severity), audit::to_string(rule.severity)) +
                     "\n" + wrap_hanging(rule.title, 0, options.width) + "\n";
  text += section("Why", rule.why);
  text += section("Fix", rule.fix);
  text += section("Checked in",
                  std::string(where_of(rule)) + (kinds.empty() ? "" : "; reads " + kinds));
  std::string thresholds;
  for (const audit::Threshold& threshold : rule.thresholds) {
    thresholds += (thresholds.empty() ? "" : "; ") + std::string(threshold.name) + ": " +
                  threshold.text(threshold.standard) + " (" + std::string(threshold.meaning) + ")";
  }
  if (!thresholds.empty()) text += section("Thresholds, for --config", thresholds);
  // An address is never broken: it could not be followed.
  text +=
      "\n" + palette.paint(Style::bold, "Reference") + "\n  " + std::string(rule.reference) + "\n";
  return text;
}

std::string render_rules(std::span<const audit::Rule* const> rules, const ReportOptions& options) {
  // What a rule finds needs the room of a narrow terminal.
  const bool wide = options.detail == Detail::wide;
  std::vector<Column> columns = {{"RULE"}, {"SEVERITY"}};
  if (wide) columns.insert(columns.end(), {{"CATEGORY"}, {"CHECKED IN"}});
  columns.push_back({"FINDS", Align::left, Shrink::may});
  Table table(columns);
  for (const audit::Rule* const rule : rules) {
    std::vector<Cell> cells = {
        rule->id, Cell(std::string(audit::to_string(rule->severity)), style_of(rule->severity))};
    if (wide) {
      cells.emplace_back(audit::to_string(rule->category));
      cells.emplace_back(where_of(*rule));
    }
    cells.emplace_back(rule->title);
    table.add_row(std::move(cells));
  }
  return table.render(options.palette, options.width);
}

}  // namespace kai::output
