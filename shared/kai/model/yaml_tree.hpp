// YamlTree: where everything of a document stands, for those who rewrite parts of it.
//
// Internal to the layer. Plain values; byte offsets into the text they were read from.
#pragma once

#include <kai/base/result.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

struct YamlNode {
  enum class Kind { scalar, alias, map, sequence };
  enum class Style { plain, single_quoted, double_quoted, text_block, block, flow };

  Kind kind = Kind::scalar;
  Style style = Style::plain;
  std::string anchor;              // its own, or the one that an alias means
  std::string key;                 // of a scalar that is a key: the name of the member
  std::size_t begin = 0;           // with anchor and tag
  std::size_t content = 0;         // without
  std::size_t end = 0;             // of block collections: where their last item ends
  std::vector<YamlNode> children;  // of a map: key, value, key, value, …

  [[nodiscard]] bool is_flow() const { return style == Style::flow; }
};

struct YamlTree {
  YamlNode root;
  std::set<std::string, std::less<>> aliased;  // anchors that aliases name
};

// `text` must be one document that parse_yaml() accepts.
Result<YamlTree> read_yaml_tree(std::string_view text);

// The first byte at or behind `at` that is neither space nor comment.
std::size_t skip_blank(std::string_view text, std::size_t at);

}  // namespace kai::model
