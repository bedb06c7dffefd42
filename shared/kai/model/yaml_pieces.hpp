// Cutting a YAML stream into pieces that can be parsed apart from each other, by several
// threads.
#pragma once

#include <cstddef>
#include <string_view>

namespace kai::model {

// How much of `text` is the next piece: at least `wanted` bytes and up to a line that starts
// with "---", or all of it. A stream that begins with JSON is one piece, since in it a line
// with "---" may stand between two documents that no separator parts. The pieces, each read
// by parse_yaml_stream() with the lines before it, give what the whole gives.
std::size_t piece_size(std::string_view text, std::size_t wanted);

}  // namespace kai::model
