// The difference between two texts, line by line, as diff -u writes it. A pure function.
#pragma once

#include <kai/output/style.hpp>

#include <string>
#include <string_view>

namespace kai::output {

// Hunks with three lines around each change; empty when the texts are the same. Lines are
// handed on as they are: whoever shows text from a cluster on a terminal makes it safe first,
// and whoever writes a patch file does not.
std::string unified_diff(std::string_view before, std::string_view after);

// The same with the file's name above it, for patch(1) and git apply.
std::string file_diff(const std::string& path, std::string_view before, std::string_view after);

// Colours the lines of a diff, makes them safe and indents them. `with_ranges` keeps the
// lines "@@ … @@".
enum class Ranges { keep, leave_out };
std::string paint_diff(std::string_view diff, const Palette& palette, int indent, Ranges ranges);

}  // namespace kai::output
