#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <set>

namespace kai::audit {
namespace {

std::int64_t rules_with(const Report& report, Severity severity) {
  std::set<const Rule*> rules;
  const auto look_at = [&](const FindingList& findings) {
    for (std::size_t i = 0; i < findings.size(); ++i) {
      if (findings.rule_at(i)->severity == severity) rules.insert(findings.rule_at(i));
    }
  };
  look_at(report.findings);
  // What a baseline knows is there all the same.
  if (report.baseline) look_at(report.baseline->known);
  return static_cast<std::int64_t>(rules.size());
}

}  // namespace

std::optional<Grade> grade(const Report& report) {
  if (report.rules == 0 || report.objects == 0) return std::nullopt;
  Grade grade;
  grade.at_best = !report.coverage.complete();
  const std::int64_t errors = rules_with(report, Severity::error);
  const std::int64_t warnings = rules_with(report, Severity::warning);
  if (errors > 0) {
    grade.letter = errors > 5 ? 'F' : errors > 2 ? 'D' : 'C';
    grade.reason = "errors of " + count_of(errors, "rule");
  } else if (warnings > 0) {
    grade.letter = 'B';
    grade.reason = "warnings of " + count_of(warnings, "rule");
  } else {
    grade.reason = "no errors and no warnings";
  }
  const GpuSummary& gpus = report.summary.gpus;
  const std::int64_t idle = gpus.lost + (gpus.usage_known ? gpus.stranded : 0);
  if (gpus.total > 0 && idle * 4 >= gpus.total && grade.letter < 'D') {
    grade.letter = 'D';
    grade.reason =
        std::to_string(idle) + " of " + count_of(gpus.total, "GPU") + " lost or stranded";
  }
  return grade;
}

}  // namespace kai::audit
