// Text from clusters and files, made safe for what it is put into. Control characters,
// escape sequences, bidirectional overrides and broken UTF-8 go first (safe_text), so every
// result is one line. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace kai::output {

// For HTML and XML, in text and in attributes with either quote.
std::string escape_markup(std::string_view text);

// For Markdown: no markup, no link, no mention of a person and no reference to an issue
// comes out of it. May stand in a table's cell.
std::string escape_markdown(std::string_view text);
// The same as a code span.
std::string markdown_code(std::string_view text);

// One CSV field (RFC 4180). What a spreadsheet would take for a formula begins with an
// apostrophe.
std::string csv_field(std::string_view text);

}  // namespace kai::output
