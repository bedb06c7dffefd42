// An audit's report as GitHub-flavoured Markdown, for a comment on a pull request. A pure
// function.
#pragma once

#include <kai/audit/report.hpp>

#include <cstddef>
#include <string>

namespace kai::output {

// A forge refuses longer comments (GitHub: 65,536 characters).
inline constexpr std::size_t k_markdown_limit = 60'000;

// What was counted, what was not checked, a table of findings, worst first, and below it
// each rule folded away: why, the fix, patches. Never longer than k_markdown_limit bytes;
// what does not fit is counted.
std::string render_markdown(const audit::Report& report);

}  // namespace kai::output
