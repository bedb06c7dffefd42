// The grade: a report in one letter, for dashboards and for comparing with last week.
// It counts rules and not findings, so that a large cluster is not worse than a small one.
//
//   A  no errors and no warnings
//   B  warnings only
//   C  errors of one or two rules
//   D  errors of three to five rules, or a quarter of the GPUs or more lost or stranded
//   F  errors of six rules or more
//
// Info never lowers it. Where something could not be read, the letter is an upper bound.
#pragma once

#include <kai/audit/report.hpp>

#include <optional>
#include <string>

namespace kai::audit {

struct Grade {
  char letter = 'A';
  bool at_best = false;  // something was not checked
  std::string reason;    // "errors of 3 rules"
};

// None when no rule ran, or there was nothing to look at.
std::optional<Grade> grade(const Report& report);

}  // namespace kai::audit
