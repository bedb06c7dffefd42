#include <kai/model/utf8.hpp>
#include <kai/model/yaml_events.hpp>
#include <kai/model/yaml_scalar.hpp>
#include <kai/model/yaml_tree.hpp>

#include <algorithm>
#include <utility>

namespace kai::model {
namespace {

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

// libyaml counts characters; we want bytes.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : m_size(text.size()) {
    if (text.starts_with(k_byte_order_mark)) m_first = k_byte_order_mark.size();
    const auto is_wide = [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; };
    if (std::none_of(text.begin() + static_cast<std::ptrdiff_t>(m_first), text.end(), is_wide)) {
      return;
    }
    for (std::size_t at = m_first; at < text.size();
         at += std::max<std::size_t>(utf8_size(text.substr(at)), 1)) {
      m_bytes.push_back(at);
    }
  }

  [[nodiscard]] std::size_t of(const yaml_mark_t& mark) const {
    if (m_bytes.empty()) return std::min(m_first + mark.index, m_size);
    return mark.index < m_bytes.size() ? m_bytes[mark.index] : m_size;
  }

 private:
  std::size_t m_size;
  std::size_t m_first = 0;
  std::vector<std::size_t> m_bytes;  // of each character, when some are wider than one
};

YamlNode::Style style_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return YamlNode::Style::single_quoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return YamlNode::Style::double_quoted;
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE: return YamlNode::Style::text_block;
    default: return YamlNode::Style::plain;
  }
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : m_text(text), m_offsets(text) {}

  // False at what is no part of a document.
  Result<> take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_SCALAR_EVENT: return scalar(event);
      case YAML_ALIAS_EVENT: {
        YamlNode node = start(event, YamlNode::Kind::alias, event.data.alias.anchor);
        node.end = m_offsets.of(event.end_mark);
        m_tree.aliased.insert(node.anchor);
        place(std::move(node));
        return {};
      }
      case YAML_MAPPING_START_EVENT:
        open(event, YamlNode::Kind::map, event.data.mapping_start.anchor,
             event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
             event.data.mapping_start.tag);
        return {};
      case YAML_SEQUENCE_START_EVENT:
        open(event, YamlNode::Kind::sequence, event.data.sequence_start.anchor,
             event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
             event.data.sequence_start.tag);
        return {};
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT: close(event); return {};
      default: return {};
    }
  }

  YamlTree take_tree() { return std::move(m_tree); }

 private:
  YamlNode start(const yaml_event_t& event, YamlNode::Kind kind, const yaml_char_t* anchor) {
    YamlNode node;
    node.kind = kind;
    node.anchor = text_of(anchor);
    node.begin = node.content = m_offsets.of(event.start_mark);
    return node;
  }

  // Behind the anchor and the tag at the start of a node.
  [[nodiscard]] std::size_t behind_properties(std::size_t at) const {
    while (at < m_text.size() && (m_text[at] == '&' || m_text[at] == '!')) {
      while (at < m_text.size() && !is_space(m_text[at])) ++at;
      const std::size_t next = skip_blank(m_text, at);
      if (next >= m_text.size() || (m_text[next] != '&' && m_text[next] != '!')) return next;
      at = next;
    }
    return at;
  }

  Result<> scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    YamlNode node = start(event, YamlNode::Kind::scalar, data.anchor);
    node.style = style_of(data.style);
    node.end = m_offsets.of(event.end_mark);
    const bool has_tag = !text_of(data.tag).empty();
    if (!node.anchor.empty() || has_tag) {
      node.content = std::min(behind_properties(node.begin), node.end);
    }
    if (node.style == YamlNode::Style::text_block) trim_text_block(node);
    if (expects_key()) {
      const auto style = data.plain_implicit != 0 ? YamlStyle::plain : YamlStyle::quoted;
      const std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
      KAI_TRY_ASSIGN(node.key, scalar_key(text, style, text_of(data.tag)));
    }
    place(std::move(node));
    return {};
  }

  // Empty lines behind a text belong to it only where it says so ("|+").
  void trim_text_block(YamlNode& node) const {
    const std::string_view header =
        m_text.substr(node.content, m_text.find('\n', node.content) - node.content);
    if (header.find('+') < header.find('#')) return;
    while (node.end > node.content && is_space(m_text[node.end - 1])) --node.end;
  }

  void open(const yaml_event_t& event, YamlNode::Kind kind, const yaml_char_t* anchor, bool flow,
            const yaml_char_t* tag) {
    YamlNode node = start(event, kind, anchor);
    node.style = flow ? YamlNode::Style::flow : YamlNode::Style::block;
    if (!node.anchor.empty() || !text_of(tag).empty()) {
      node.content = behind_properties(node.begin);
    }
    m_open.push_back(std::move(node));
  }

  void close(const yaml_event_t& event) {
    YamlNode node = std::move(m_open.back());
    m_open.pop_back();
    if (node.is_flow() || node.children.empty()) {
      node.end = m_offsets.of(event.end_mark);
    } else {
      const std::size_t count = node.children.size();
      node.end = node.children.back().end;
      // A key without a value ends where itself does.
      if (count > 1) node.end = std::max(node.end, node.children[count - 2].end);
    }
    place(std::move(node));
  }

  [[nodiscard]] bool expects_key() const {
    return !m_open.empty() && m_open.back().kind == YamlNode::Kind::map &&
           m_open.back().children.size() % 2 == 0;
  }

  void place(YamlNode node) {
    if (m_open.empty()) {
      m_tree.root = std::move(node);
    } else {
      m_open.back().children.push_back(std::move(node));
    }
  }

  std::string_view m_text;
  Offsets m_offsets;
  YamlTree m_tree;
  std::vector<YamlNode> m_open;
};

}  // namespace

std::size_t skip_blank(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

Result<YamlTree> read_yaml_tree(std::string_view text) {
  YamlParser parser(text);
  TreeBuilder builder(text);
  while (true) {
    YamlEvent holder;
    yaml_event_t& event = holder.get();
    if (!parser.next(event)) {
      const char* const problem = parser.state().problem;
      return fail(ErrorCode::invalid_input, std::string("malformed YAML: ") +
                                                (problem != nullptr ? problem : "out of memory"));
    }
    if (event.type == YAML_STREAM_END_EVENT) return builder.take_tree();
    KAI_TRY(builder.take(event));
  }
}

}  // namespace kai::model
