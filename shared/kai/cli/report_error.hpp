// How an error is told: the one place where errors become text for people.
#pragma once

#include <kai/base/error.hpp>
#include <kai/output/style.hpp>

#include <string>

namespace kai::cli {

// "error: FILE:LINE: message", then one indented line each for what was being done,
// the server's causes and the hint. With `verbosity` also the server's status.
// Everything in it is made safe for a terminal. Ends in a newline.
std::string error_text(const Error& error, int verbosity, const output::Palette& palette);

}  // namespace kai::cli
