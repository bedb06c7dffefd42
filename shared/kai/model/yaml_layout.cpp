#include <kai/model/yaml.hpp>
#include <kai/model/yaml_layout.hpp>

namespace kai::model {
namespace {

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

// As to_yaml() decides it, which knows what readers would take for something else.
std::string string_text(const std::string& text, YamlNode::Style style, bool in_flow) {
  std::string written = to_yaml(Json(text));
  written.pop_back();
  const bool plain = written == text && !text.empty();
  const bool one_line = written.find('\n') == std::string::npos;
  // What would be written with escapes stays so.
  if (!one_line || written.starts_with('"')) {
    return one_line ? written : to_json(Json(text));
  }
  if (style == YamlNode::Style::double_quoted) return to_json(Json(text));
  if (style == YamlNode::Style::single_quoted) return single_quoted(text);
  if (plain && in_flow && text.find_first_of(",[]{}?:") != std::string::npos) {
    return single_quoted(text);
  }
  return written;
}

std::string spaces(std::size_t count) {
  return std::string(count, ' ');
}

std::string key_text(const std::string& key, const YamlLayout& layout) {
  return scalar_text(Json(key), YamlNode::Style::plain, false, layout);
}

}  // namespace

std::string scalar_text(const Json& value, YamlNode::Style style, bool in_flow,
                        const YamlLayout& layout) {
  if (layout.json) return to_json(value);
  if (value.is_string()) return string_text(value.get_ref<const std::string&>(), style, in_flow);
  std::string text = to_yaml(value);
  text.pop_back();
  return text;
}

std::string flow_text(const Json& value, std::string_view colon, std::string_view comma,
                      const YamlLayout& layout) {
  if (!is_block(value)) return scalar_text(value, YamlNode::Style::plain, true, layout);
  std::string text(1, value.is_array() ? '[' : '{');
  bool first = true;
  for (const auto& [key, member] : value.items()) {
    if (!first) text += comma;
    first = false;
    if (value.is_object()) {
      text += scalar_text(Json(key), YamlNode::Style::plain, true, layout);
      text += colon;
    }
    text += flow_text(member, colon, comma, layout);
  }
  return text + (value.is_array() ? ']' : '}');
}

std::string pretty_json(const Json& value, const std::string& indent, std::size_t step,
                        const YamlLayout& layout) {
  if (!is_block(value)) return to_json(value);
  const std::string inner = indent + spaces(step);
  std::string text(1, value.is_array() ? '[' : '{');
  bool first = true;
  for (const auto& [key, member] : value.items()) {
    text += (first ? "" : ",") + layout.line_end + inner;
    first = false;
    if (value.is_object()) text += to_json(Json(key)) + ": ";
    text += pretty_json(member, inner, step, layout);
  }
  return text + layout.line_end + indent + (value.is_array() ? ']' : '}');
}

std::string value_lines(const Json& value, std::size_t column, const YamlLayout& layout) {
  std::string text;
  for (const auto& [key, member] : value.items()) {
    text += value.is_array() ? item_lines(member, column + layout.list_indent, layout)
                             : member_lines(key, member, column + layout.indent, layout);
  }
  return text;
}

std::string member_lines(const std::string& key, const Json& value, std::size_t column,
                         const YamlLayout& layout) {
  std::string text = spaces(column) + key_text(key, layout) + ":";
  if (is_block(value)) return text + layout.line_end + value_lines(value, column, layout);
  return text + " " + scalar_text(value, YamlNode::Style::plain, false, layout) + layout.line_end;
}

std::string item_lines(const Json& value, std::size_t column, const YamlLayout& layout) {
  const std::size_t inner = column + layout.dash;
  const std::string dash = spaces(column) + "-" + spaces(layout.dash - 1);
  if (!is_block(value)) {
    return dash + scalar_text(value, YamlNode::Style::plain, false, layout) + layout.line_end;
  }
  std::string lines;
  for (const auto& [key, member] : value.items()) {
    lines += value.is_array() ? item_lines(member, inner, layout)
                              : member_lines(key, member, inner, layout);
  }
  // The first line stands behind the dash.
  return dash + lines.substr(inner);
}

}  // namespace kai::model
