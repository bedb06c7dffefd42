// Baselines and differences: findings known by their fingerprints.
//
// A fingerprint outlives moved lines, renamed files and pods that are made anew, so what
// is compared here are findings and not texts. Pure functions over values.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

inline constexpr std::string_view k_baseline_kind = "AuditBaseline";
inline constexpr std::string_view k_report_kind = "AuditReport";

// The findings of an earlier run: an AuditBaseline, or an AuditReport in JSON or YAML.
struct EarlierFindings {
  std::string file;
  std::vector<KnownFinding> findings;  // each fingerprint once; known to a baseline or not
  std::vector<KnownFinding> excepted;
  // Of a report: the rules that ran, and those that missed something. A baseline knows
  // neither.
  bool is_report = false;
  std::vector<std::string> ran;
  std::vector<std::string> narrowed;

  // Whether it would tell of what a rule finds.
  [[nodiscard]] bool judged(std::string_view rule) const;
};

// Errors: invalid_input with file and line: no such document, or one of another kind.
Result<EarlierFindings> parse_earlier_findings(std::string_view text, std::string_view file);

KnownFinding to_known(const Finding& finding);

// Sets aside what the baseline knows. What it knows and the report does not have is gone,
// if the rule has seen everything.
void apply_baseline(Report& report, const EarlierFindings& baseline);

// The YAML of a baseline with everything that the report found and nobody excepted; from
// `before`, if there was one, what this report could not judge. Sorted: two runs that find
// the same write the same.
std::string baseline_of(const Report& report, const EarlierFindings* before);

struct ReportDiff {
  std::vector<KnownFinding> fresh;      // in the second only
  std::vector<KnownFinding> gone;       // in the first only
  std::vector<KnownFinding> unjudged;   // the same, but the second did not look
  std::vector<KnownFinding> unchanged;  // in both, as the second tells them
};
// In the order in which reports list findings.
ReportDiff diff_findings(const EarlierFindings& first, const EarlierFindings& second);

}  // namespace kai::audit
