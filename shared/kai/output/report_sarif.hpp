// An audit's report as SARIF 2.1.0, for code scanning.
#pragma once

#include <kai/audit/report.hpp>

#include <iosfwd>
#include <string_view>

namespace kai::output {

// Findings from files carry their line and column, all of them the object as a logical
// location and a fingerprint that survives edits. What could not be checked is a
// notification of a run that did not succeed. Written finding by finding.
void write_sarif(const audit::Report& report, std::string_view version, std::ostream& out);

}  // namespace kai::output
