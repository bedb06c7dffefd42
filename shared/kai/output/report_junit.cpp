#include <kai/audit/rules.hpp>
#include <kai/output/aside_list.hpp>
#include <kai/output/escape.hpp>
#include <kai/output/report_junit.hpp>

#include <map>
#include <string_view>
#include <vector>

namespace kai::output {
namespace {

using audit::Finding;
using audit::FindingSpan;
using audit::NotChecked;
using audit::Report;
using audit::Rule;

// A test in its suite, with what became of it.
struct Case {
  std::string head;  // its attributes
  std::string body;
  int failures = 0;  // elements
  bool error = false;
  bool skipped = false;
};

struct Suite {
  std::vector<Case> cases;

  [[nodiscard]] std::string write(std::string_view name) const {
    int failed = 0;
    int errors = 0;
    int skipped = 0;
    std::string text;
    for (const Case& test : cases) {
      failed += test.failures > 0 && !test.error ? 1 : 0;
      errors += test.error ? 1 : 0;
      skipped += test.skipped ? 1 : 0;
      text += "    <testcase " + test.head;
      text += test.body.empty() ? "/>\n" : ">\n" + test.body + "    </testcase>\n";
    }
    return "  <testsuite name=\"" + std::string(name) + "\" tests=\"" +
           std::to_string(cases.size()) + "\" failures=\"" + std::to_string(failed) +
           "\" errors=\"" + std::to_string(errors) + "\" skipped=\"" + std::to_string(skipped) +
           "\">\n" + text + "  </testsuite>\n";
  }
};

std::string describe(const Finding& finding) {
  std::string text;
  const auto line = [&](std::string_view label, std::string_view value) {
    if (!value.empty()) text += std::string(label) + ": " + escape_markup(value) + "\n";
  };
  for (const std::string& detail : finding.details) text += escape_markup(detail) + "\n";
  if (finding.location) line("at", finding.location->to_string());
  line("path", finding.path.to_string());
  line("observed", finding.observed);
  line("expected", finding.expected);
  line("fix", finding.fix);
  line("id", finding.fingerprint);
  return text;
}

std::string headline(const Finding& finding) {
  return escape_markup(finding.object.to_string() + ": " + finding.message);
}

std::string gap_element(std::string_view what, const JunitOptions& options) {
  const std::string message = escape_markup(what);
  return options.allow_partial
             ? "      <skipped message=\"" + message + "\"/>\n"
             : "      <error type=\"not-checked\" message=\"" + message + "\"/>\n";
}

void mark(Case& test, const JunitOptions& options) {
  (options.allow_partial ? test.skipped : test.error) = true;
}

std::string head_of(std::string_view suite, std::string_view name) {
  return "classname=\"kubectl-ai-audit." + std::string(suite) + "\" name=\"" + escape_markup(name) +
         "\"";
}

// `aside` is what else to tell of the rule: a test passes with findings that do not count.
Case rule_case(const Rule& rule, const FindingSpan& findings, const std::string& aside,
               const JunitOptions& options) {
  Case test;
  test.head = head_of(audit::to_string(rule.category), rule.id);
  std::string told;
  for (const Finding& finding : findings) {
    if (options.fail_on && rule.severity <= *options.fail_on) {
      ++test.failures;
      test.body += "      <failure type=\"" + std::string(audit::to_string(rule.severity)) +
                   "\" message=\"" + headline(finding) + "\">" + describe(finding) + "</failure>\n";
    } else {
      told += headline(finding) + "\n" + describe(finding);
    }
  }
  told += aside;
  if (!told.empty()) test.body += "      <system-out>" + told + "</system-out>\n";
  return test;
}

}  // namespace

std::string render_junit(const Report& report, const JunitOptions& options) {
  std::map<std::string_view, Suite> suites;
  std::map<std::string_view, const Rule*> ran;
  for (const Rule* const rule : report.ran) ran.emplace(rule->id, rule);
  std::map<const Rule*, FindingSpan> found;
  for (const FindingSpan& findings : report.findings.by_rule()) {
    found.emplace(&findings.rule(), findings);
  }
  std::map<const Rule*, std::string> aside;
  each_aside(report, [&](const Finding& finding, const Aside& why) {
    aside[finding.rule] += std::string(why.state) + ": " + headline(finding) + "\n" +
                           escape_markup(why.reason) + " (" + escape_markup(why.given) + ")\n";
  });
  const FindingSpan none(report.findings, 0, 0);
  for (const auto& [id, rule] : ran) {
    const auto findings = found.find(rule);
    suites[audit::to_string(rule->category)].cases.push_back(
        rule_case(*rule, findings == found.end() ? none : findings->second, aside[rule], options));
  }
  // Rules that could not run at all, each once.
  std::map<std::string_view, std::string> blind;
  for (const NotChecked& gap : report.coverage.not_checked) {
    for (const std::string& id : gap.rules) {
      if (ran.contains(id)) continue;
      std::string& reasons = blind[id];
      reasons += (reasons.empty() ? "not checked: " : "; ") + gap.kind + ": " + gap.reason;
    }
  }
  for (const auto& [id, reasons] : blind) {
    const Rule* const rule = audit::find_rule(id);
    if (rule == nullptr) continue;
    Case test;
    test.head = head_of(audit::to_string(rule->category), id);
    test.body = gap_element(reasons, options);
    mark(test, options);
    suites[audit::to_string(rule->category)].cases.push_back(std::move(test));
  }
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kubectl-ai-audit\">\n";
  for (const auto& [name, suite] : suites) text += suite.write(name);
  if (!report.coverage.complete()) {
    Suite suite;
    for (const NotChecked& gap : report.coverage.not_checked) {
      Case test;
      test.head = head_of("coverage", gap.location ? gap.location->to_string() : gap.kind);
      test.body = gap_element(gap.reason, options);
      mark(test, options);
      suite.cases.push_back(std::move(test));
    }
    text += suite.write("coverage");
  }
  return text + "</testsuites>\n";
}

}  // namespace kai::output
