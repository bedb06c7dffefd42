// Files that a command reads and writes whole: profiles, exceptions, baselines, reports.
#pragma once

#include <kai/base/result.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace kai::cli {

// "-" is `in`. Errors: not_found, io, cancelled; invalid_input beyond k_most_text.
Result<std::string> read_text(const std::string& path, std::istream& in);

// Writes through a temporary file beside it, so that nobody ever reads half of it; a file
// that is there keeps its permissions, and a link its target's place. What is no regular file
// (/dev/stdout, a pipe) is written to as it is. Errors: io.
Result<> write_text(const std::string& path, std::string_view text);

}  // namespace kai::cli
