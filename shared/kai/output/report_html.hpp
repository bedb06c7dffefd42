// An audit's report as one HTML file that needs nothing else. A pure function.
#pragma once

#include <kai/audit/report.hpp>

#include <string>

namespace kai::output {

// Readable without scripts, on a phone, in print and in the dark. Its own script filters
// the findings and keeps the filter in the address, after "#": severity=error,warning
// namespace=NAME rule=ID find=TEXT, joined by &. A content security policy admits that
// script and style by their hashes and nothing else.
std::string render_html(const audit::Report& report);

}  // namespace kai::output
