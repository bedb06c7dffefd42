#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>
#include <kai/output/aside_list.hpp>
#include <kai/output/document.hpp>
#include <kai/output/escape.hpp>
#include <kai/output/report_markdown.hpp>

#include <algorithm>
#include <span>
#include <string_view>

namespace kai::output {
namespace {

using audit::Finding;
using audit::Report;
using audit::Severity;

constexpr std::size_t k_for_rows = 40'000;  // the rest is for what explains them
constexpr std::size_t k_for_the_end = 1'000;
constexpr std::size_t k_gaps = 20;
constexpr std::size_t k_aside = 50;
constexpr std::size_t k_patches = 5;  // of one rule
constexpr std::size_t k_fixes = 10;
constexpr std::size_t k_longest_cell = 600;

std::string_view mark_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "🔴 error";
    case Severity::warning: return "🟠 warning";
    case Severity::info: return "🔵 info";
  }
  return "";
}

// Before it is escaped: an escape cut in half would be none.
std::string cut(const std::string& text) {
  if (text.size() <= k_longest_cell) return text;
  std::size_t end = k_longest_cell;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

// Object and file names, which hold no sentence.
std::string code(const std::string& text) {
  return markdown_code(cut(text));
}

std::string prose(const std::string& text) {
  return escape_markdown(cut(text));
}

class Writer {
 public:
  explicit Writer(const Report& report) : m_report(report) {}

  std::string write() {
    write_head();
    write_gaps();
    write_rows();
    write_rules();
    write_aside();
    return std::move(m_text);
  }

 private:
  void write_head() {
    const audit::Summary& summary = m_report.summary;
    const auto grade = audit::grade(m_report);
    m_text += "### GPU cluster audit";
    if (grade) {
      m_text += std::string(": grade ") + grade->letter + (grade->at_best ? " at best" : "");
    }
    m_text += "\n\n";
    const std::string scope = audit::count_of(m_report.rules, "rule") + " over " +
                              audit::count_of(m_report.objects, "object");
    if (m_report.findings.empty()) {
      const bool blind = m_report.rules == 0 || m_report.objects == 0;
      m_text += std::string(blind ? "⚠️ **Nothing checked.** " : "✅ **No findings.** ") +
                scope + "\n";
    } else {
      m_text += "**" + audit::count_of(summary.error, "error") + ", " +
                audit::count_of(summary.warning, "warning") + ", " + std::to_string(summary.info) +
                " info** · " + scope + "\n";
    }
    const audit::GpuSummary& gpus = summary.gpus;
    if (gpus.total == 0) return;
    m_text += "\n**" + audit::count_of(gpus.total, "GPU") + "**: ";
    if (gpus.usage_known) {
      m_text += std::to_string(gpus.allocated) + " in use, " + std::to_string(gpus.stranded) +
                " stranded, ";
    }
    m_text +=
        std::to_string(gpus.lost) + " lost, " + std::to_string(gpus.unprotected) + " unprotected\n";
  }

  void write_gaps() {
    const auto& gaps = m_report.coverage.not_checked;
    if (gaps.empty()) return;
    m_text += "\n⚠️ **Not checked**, since it could not be read:\n\n";
    const std::size_t shown = gaps.size() <= k_gaps + 1 ? gaps.size() : k_gaps;
    for (std::size_t i = 0; i < shown; ++i) {
      const audit::NotChecked& gap = gaps[i];
      m_text += "- " + code(gap.location ? gap.location->to_string() : gap.kind) + ": " +
                prose(gap.reason);
      std::string rules;
      for (const std::string& rule : gap.rules) rules += (rules.empty() ? "" : ", ") + code(rule);
      if (!rules.empty()) m_text += " (" + rules + ")";
      m_text += "\n";
    }
    if (shown < gaps.size()) {
      m_text += "- and " + std::to_string(gaps.size() - shown) + " more\n";
    }
  }

  void write_rows() {
    if (m_report.findings.empty()) return;
    m_text += "\n| | Rule | Object | Finding | Where |\n|---|---|---|---|---|\n";
    std::size_t shown = 0;
    for (const Finding& finding : m_report.findings) {
      std::string row = "| " + std::string(mark_of(finding.rule->severity)) + " | " +
                        code(std::string(finding.rule->id)) + " | " +
                        code(finding.object.to_string()) + " | " + prose(finding.full_message()) +
                        " | " + (finding.location ? code(finding.location->to_string()) : "") +
                        " |\n";
      if (m_text.size() + row.size() > k_for_rows) break;
      m_text += row;
      ++shown;
    }
    if (const std::size_t left = m_report.findings.size() - shown; left > 0) {
      m_text += "\n**" + std::to_string(left) +
                " more did not fit into this comment**; `-o html` and `-o json` have all.\n";
    }
  }

  void write_rules() {
    std::size_t left_out = 0;
    for (const audit::FindingSpan& findings : m_report.findings.by_rule()) {
      const std::string text = rule_text(findings);
      if (m_text.size() + text.size() + k_for_the_end > k_markdown_limit) {
        ++left_out;
      } else {
        m_text += text;
      }
    }
    if (left_out > 0) {
      m_text += "\n" + audit::count_of(static_cast<std::int64_t>(left_out), "rule") +
                " could not be explained here: `kubectl ai audit explain RULE`.\n";
    }
  }

  static std::string rule_text(const audit::FindingSpan& findings) {
    const audit::Rule& rule = findings.rule();
    std::string text = "\n<details><summary><b>" + escape_markup(rule.id) +
                       "</b>: " + escape_markup(rule.title) + "</summary>\n\n" +
                       escape_markdown(rule.why) + "\n\n";
    const std::string fix = findings.shared_fix();
    text += "**Fix**: " + escape_markdown(fix) + "\n\n";
    std::size_t patches = 0;
    std::size_t fixes = 0;
    for (const Finding& finding : findings) {
      if (finding.fix != fix && ++fixes <= k_fixes) {
        text += "- " + code(finding.object.to_string()) + ": " + prose(finding.fix) + "\n";
      }
      if (!finding.patch || ++patches > k_patches) continue;
      const bool merge = finding.patch->type == audit::Patch::Type::merge;
      // No line of JSON can begin with the fence that would end the block.
      text += "\nPatch (" + std::string(merge ? "merge" : "json") + ") of " +
              code(finding.object.to_string()) + ":\n\n```json\n" +
              render_object(DocumentFormat::json, finding.patch->body) + "```\n";
    }
    if (patches > k_patches) {
      text += "\n" + std::to_string(patches - k_patches) + " more patches are in `-o json`.\n";
    }
    return text + "\n[Reference](" + std::string(rule.reference) + ")\n\n</details>\n";
  }

  void write_aside() {
    const std::size_t count = count_aside(m_report);
    if (count == 0) return;
    std::string text = "\n<details><summary>" +
                       audit::count_of(static_cast<std::int64_t>(count), "finding") +
                       " set aside, not counted</summary>\n\n"
                       "| Rule | Object | Set aside | Given |\n|---|---|---|---|\n";
    std::size_t shown = 0;
    each_aside(m_report, [&](const Finding& finding, const Aside& why) {
      if (shown >= k_aside) return;
      const std::string row = "| " + code(std::string(finding.rule->id)) + " | " +
                              code(finding.object.to_string()) + " | " + prose(why.reason) + " | " +
                              code(why.given) + " |\n";
      if (m_text.size() + text.size() + row.size() + k_for_the_end > k_markdown_limit) return;
      text += row;
      ++shown;
    });
    if (shown < count) {
      text += "\nand " + std::to_string(count - shown) + " more; `-o json` has all.\n";
    }
    m_text += text + "\n</details>\n";
  }

  const Report& m_report;
  std::string m_text;
};

}  // namespace

std::string render_markdown(const Report& report) {
  return Writer(report).write();
}

}  // namespace kai::output
