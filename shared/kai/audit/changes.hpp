// Changes: what one report after another has that those before it had not.
//
// Findings are compared by their fingerprints, as in baselines and `audit diff`. One that
// is not found any more is gone if its rule ran and missed nothing that it had not missed
// when it found it; else it stays known. Values, not synchronised.
#pragma once

#include <kai/audit/baseline.hpp>
#include <kai/audit/grade.hpp>
#include <kai/audit/report.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace kai::audit {

// A report in one line.
struct Standing {
  int error = 0;
  int warning = 0;
  int info = 0;
  std::optional<Grade> grade;

  // Whether a reader would be told the same.
  [[nodiscard]] bool same(const Standing& other) const;
};

class ChangeLog {
 public:
  // How this report differs from the ones before it: `fresh` and `gone`. Of the first one
  // nothing is new. Only findings that count are compared; one that an exception sets aside
  // is not gone.
  ReportDiff update(const Report& report);

  // Of the last report, with what is known and was not judged.
  [[nodiscard]] const Standing& standing() const { return m_standing; }

 private:
  using Kinds = std::set<std::string>;
  using Gaps = std::map<std::string, Kinds, std::less<>>;  // what rules missed

  std::optional<EarlierFindings> m_known;
  Gaps m_gaps;                             // of the last report
  std::map<std::string, Kinds> m_waiting;  // fingerprints of what the last report did not judge
  Standing m_standing;
};

}  // namespace kai::audit
