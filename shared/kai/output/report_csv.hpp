// An audit's report as CSV (RFC 4180), for spreadsheets.
#pragma once

#include <kai/audit/report.hpp>

#include <iosfwd>

namespace kai::output {

// A line with the names of the columns, one for each finding, and one with the severity
// "not-checked" for everything that could not be read.
void write_csv(const audit::Report& report, std::ostream& out);

}  // namespace kai::output
