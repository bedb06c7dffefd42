// Text that is broken into lines: for messages that are sentences, where a table's
// columns would cut them off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kai::output {

// `text`, made safe, in lines of at most `width` cells, broken at spaces; a word that is
// longer stands on a line of its own, whole. `width` 0 never breaks.
std::vector<std::string> wrap(std::string_view text, int width);

// The same as one text in which every line but the first is preceded by `indent` spaces,
// which count towards `width`.
std::string wrap_hanging(std::string_view text, int indent, int width);

}  // namespace kai::output
