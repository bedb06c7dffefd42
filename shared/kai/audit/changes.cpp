#include <kai/audit/changes.hpp>

#include <kai/audit/rule.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kai::audit {
namespace {

void append(const Finding& finding, std::unordered_set<std::string>& seen,
            std::vector<KnownFinding>& findings) {
  if (seen.insert(finding.fingerprint).second) findings.push_back(to_known(finding));
}

EarlierFindings findings_of(const Report& report) {
  EarlierFindings findings;
  std::unordered_set<std::string> seen;
  for (const Finding& finding : report.findings) append(finding, seen, findings.findings);
  seen.clear();
  for (const Excepted& excepted : report.excepted) {
    append(excepted.finding, seen, findings.excepted);
  }
  return findings;
}

void count(const KnownFinding& finding, Standing& standing) {
  if (finding.severity == "error") {
    ++standing.error;
  } else if (finding.severity == "warning") {
    ++standing.warning;
  } else {
    ++standing.info;
  }
}

}  // namespace

bool Standing::same(const Standing& other) const {
  const auto text_of = [](const Standing& standing) {
    if (!standing.grade) return std::string();
    return standing.grade->letter + standing.grade->reason +
           (standing.grade->at_best ? " at best" : "");
  };
  return error == other.error && warning == other.warning && info == other.info &&
         text_of(*this) == text_of(other);
}

ReportDiff ChangeLog::update(const Report& report) {
  EarlierFindings now = findings_of(report);
  Gaps gaps;
  for (const Rule* const rule : report.ran) gaps[std::string(rule->id)];
  for (const NotChecked& gap : report.coverage.not_checked) {
    for (const std::string& rule : gap.rules) {
      // A rule that did not run has no entry.
      if (const auto found = gaps.find(rule); found != gaps.end()) found->second.insert(gap.kind);
    }
  }
  ReportDiff diff;
  if (m_known) diff = diff_findings(*m_known, now);
  m_standing = {report.summary.error, report.summary.warning, report.summary.info, grade(report)};
  std::map<std::string, Kinds> waiting;
  std::vector<KnownFinding> missing = std::exchange(diff.gone, {});
  for (KnownFinding& finding : missing) {
    const auto waited = m_waiting.find(finding.fingerprint);
    Kinds& before = waited != m_waiting.end() ? waited->second : m_gaps[finding.rule];
    const auto ran = gaps.find(finding.rule);
    if (ran != gaps.end() &&
        std::includes(before.begin(), before.end(), ran->second.begin(), ran->second.end())) {
      diff.gone.push_back(std::move(finding));
      continue;
    }
    count(finding, m_standing);
    waiting.emplace(finding.fingerprint, before);
    diff.unjudged.push_back(finding);
    now.findings.push_back(std::move(finding));
  }
  m_known = std::move(now);
  m_gaps = std::move(gaps);
  m_waiting = std::move(waiting);
  return diff;
}

}  // namespace kai::audit
