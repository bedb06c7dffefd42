// The parser behind the codec: libyaml, held to what kubectl's parser takes. It reads one
// chunk of a stream, the text between two "---" lines, and feeds a YamlBuilder per document.
//
// Internal to the layer. A pure function; thread-safe.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/yaml.hpp>

#include <string_view>

namespace kai::model {

// Hands over each document of `text` (more than one only when "..." ends them), or the
// error that ends the chunk. `lines_before` lines stand before `text` in the file.
// Returns the sink's error. A last line without its line break gets one, as in kubectl.
Result<> read_yaml_chunk(std::string_view text, int lines_before, const YamlOptions& options,
                         const DocumentSink& sink);

}  // namespace kai::model
