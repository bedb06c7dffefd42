// An audit's report as CSV (RFC 4180), for spreadsheets. A pure function.
#pragma once

#include <kai/audit/report.hpp>

#include <string>

namespace kai::output {

// A line with the names of the columns, one for each finding, and one with the severity
// "not-checked" for everything that could not be read.
std::string render_csv(const audit::Report& report);

}  // namespace kai::output
