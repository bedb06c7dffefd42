// New YAML or JSON in the manner of the text that it becomes part of.
//
// Internal to the layer. Pure functions.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/yaml_tree.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kai::model {

struct YamlLayout {
  bool json = false;            // quotes everything
  std::string line_end = "\n";  // or "\r\n"
  std::size_t indent = 2;       // of a map in a map
  std::size_t list_indent = 0;  // of a list's dashes in a map
  std::size_t dash = 2;         // from a dash to its item
};

// A scalar or an empty collection on one line; `style` is the one that a string had before.
std::string scalar_text(const Json& value, YamlNode::Style style, bool in_flow,
                        const YamlLayout& layout);
// Anything on one line, in brackets; `colon` and `comma` stand between, with their spaces.
std::string flow_text(const Json& value, std::string_view colon, std::string_view comma,
                      const YamlLayout& layout);
// JSON over several lines, of which all but the first begin behind `indent`.
std::string pretty_json(const Json& value, const std::string& indent, std::size_t step,
                        const YamlLayout& layout);

// Whole lines, all of them indented and ended: a member of a map at `column`, the members of
// a map, an item whose dash stands at `column`, the items of a list.
std::string member_lines(const std::string& key, const Json& value, std::size_t column,
                         const YamlLayout& layout);
std::string item_lines(const Json& value, std::size_t column, const YamlLayout& layout);
// The lines of a collection that is a member's value; `column` is the member's.
std::string value_lines(const Json& value, std::size_t column, const YamlLayout& layout);

}  // namespace kai::model
