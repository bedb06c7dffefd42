// The one YAML codec: turns YAML into the JSON that kubectl would send.
//
// Scalars are typed as kubectl types them (sigs.k8s.io/yaml over a YAML 1.1
// parser: `yes` is true, `017` is 15, `1_000` is 1000, `0b11` is 3). Anchors,
// aliases and merge keys are resolved. All functions are pure and thread-safe.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kai::model {

// Bounds that turn hostile input into an error instead of a dead process.
struct YamlLimits {
  int max_depth = k_max_depth;
  std::size_t max_nodes = 10'000'000;            // per document, alias expansion included
  std::size_t max_bytes = std::size_t{1} << 30;  // of one input
};

// Where each value of a document stands: JSON pointer ("/spec/taints/0") to
// line and column. Keys of maps have the position of the key.
using PositionMap = std::unordered_map<std::string, Location>;

struct YamlDocument {
  Json value;             // null for an empty document
  Location location;      // of the document's first node
  PositionMap positions;  // filled only when asked for
};

enum class Positions { skip, record };

struct YamlOptions {
  std::string file;      // for locations
  int lines_before = 0;  // lines of that file that stand before the text
  Positions positions = Positions::skip;
  YamlLimits limits{};
};

// One outcome per document: either the document or why it cannot be read. A broken
// document does not hide the ones after it: reading goes on at the next "---".
using DocumentSink = std::function<Result<>(Result<YamlDocument>&& document)>;

// Reads all documents of `text` (YAML, or JSON, which is tried first when the text
// starts with '{'). Returns the sink's first error. Duplicate keys are errors with
// both positions.
Result<> parse_yaml_stream(std::string_view text, const YamlOptions& options,
                           const DocumentSink& sink);

// Exactly one document; more or none is an error.
Result<YamlDocument> parse_yaml(std::string_view text, const YamlOptions& options = {});

// Block-style YAML with keys sorted as Go sorts them; strings are quoted where a
// reader would otherwise take them for something else. No "---", ends with a newline.
std::string to_yaml(const Json& value);

}  // namespace kai::model
