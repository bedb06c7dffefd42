#include <kai/audit/rule.hpp>
#include <kai/output/aside_list.hpp>
#include <kai/output/document.hpp>
#include <kai/output/escape.hpp>
#include <kai/output/report_csv.hpp>

#include <optional>
#include <ostream>
#include <string_view>

namespace kai::output {
namespace {

class Line {
 public:
  Line& add(std::string_view text) {
    if (!m_first) m_text += ',';
    m_first = false;
    m_text += csv_field(text);
    return *this;
  }
  Line& add(const std::optional<Location>& location) {
    const auto number = [](int value) { return value > 0 ? std::to_string(value) : std::string(); };
    add(location ? location->file : std::string());
    add(location ? number(location->line) : std::string());
    return add(location ? number(location->column) : std::string());
  }
  [[nodiscard]] std::string end() const { return m_text + "\r\n"; }

 private:
  std::string m_text;
  bool m_first = true;
};

// `state` instead of a severity: who counts lines by severity must not count what is set aside.
std::string line_of(const audit::Finding& finding, std::string_view state,
                    std::string_view set_aside) {
  Line line;
  line.add(state)
      .add(finding.rule->id)
      .add(finding.object.api_version)
      .add(finding.object.kind)
      .add(finding.object.ns)
      .add(finding.object.name)
      .add(finding.path.to_string())
      .add(finding.observed)
      .add(finding.expected)
      .add(finding.full_message())
      .add(finding.fix)
      .add(finding.location)
      .add(finding.fingerprint)
      .add(finding.patch ? compact_json(finding.patch->body) : std::string())
      .add(set_aside);
  return line.end();
}

}  // namespace

void write_csv(const audit::Report& report, std::ostream& out) {
  Line titles;
  for (const char* title : {"severity", "rule", "apiVersion", "kind", "namespace", "name", "path",
                            "observed", "expected", "message", "fix", "file", "line", "column",
                            "fingerprint", "patch", "setAside"}) {
    titles.add(title);
  }
  out << titles.end();
  for (const audit::Finding& finding : report.findings) {
    out << line_of(finding, audit::to_string(finding.rule->severity), "");
  }
  each_aside(report, [&](const audit::Finding& finding, const Aside& why) {
    out << line_of(finding, why.state, why.reason);
  });
  for (const audit::NotChecked& gap : report.coverage.not_checked) {
    std::string rules;
    for (const std::string& rule : gap.rules) rules += (rules.empty() ? "" : " ") + rule;
    Line line;
    line.add("not-checked")
        .add(rules)
        .add("")
        .add(gap.kind)
        .add("")
        .add("")
        .add("")
        .add("")
        .add("");
    line.add(gap.reason).add("").add(gap.location).add("").add("").add("");
    out << line.end();
  }
}

}  // namespace kai::output
