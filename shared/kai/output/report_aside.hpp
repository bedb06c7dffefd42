// What does not count in an audit's report, and how two reports differ, for people.
#pragma once

#include <kai/audit/baseline.hpp>
#include <kai/output/report_table.hpp>

#include <string>

namespace kai::output {

// Exceptions and the baseline: what they set aside (wide: one by one), and which of them
// somebody should look at. Empty when there are neither.
std::string render_set_aside(const audit::Report& report, const ReportOptions& options);

// `audit diff`: what is new, what is gone, and how many stayed (wide: which).
std::string render_diff(const audit::ReportDiff& diff, const ReportOptions& options);
// The same as kind AuditDiff.
model::Json diff_to_json(const audit::ReportDiff& diff);

}  // namespace kai::output
