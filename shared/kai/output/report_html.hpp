// An audit's report as one HTML file that needs nothing else.
#pragma once

#include <kai/audit/report.hpp>

#include <iosfwd>

namespace kai::output {

// Readable without scripts, on a phone, in print and in the dark. Its own script filters
// the findings and keeps the filter in the address, after "#": severity=error,warning
// namespace=NAME rule=ID find=TEXT, joined by &. A content security policy admits that
// script and style by their hashes and nothing else.
void write_html(const audit::Report& report, std::ostream& out);

}  // namespace kai::output
