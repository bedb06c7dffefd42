// An audit's report as SARIF 2.1.0, for code scanning. A pure function.
#pragma once

#include <kai/audit/report.hpp>

#include <string>
#include <string_view>

namespace kai::output {

// Findings from files carry their line and column, all of them the object as a logical
// location and a fingerprint that survives edits. What could not be checked is a
// notification of a run that did not succeed.
std::string render_sarif(const audit::Report& report, std::string_view version);

}  // namespace kai::output
