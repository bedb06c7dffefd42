#include <kai/model/number.hpp>
#include <kai/model/utf8.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_scalar.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

// Written here and not by yaml-cpp's emitter: that one knows neither YAML 1.1's words
// and numbers, which must be quoted, nor the layout that kubectl -o yaml has.

namespace kai::model {
namespace {

constexpr std::size_t k_indent = 2;
constexpr std::size_t k_longest_simple_key = 128;

bool is_digit(std::uint32_t c) {
  return c >= '0' && c <= '9';
}
bool is_letter(std::uint32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xAA;
}

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> codes;
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(utf8_size(text), 1);
    codes.push_back(utf8_code(text, size));
    text.remove_prefix(size);
  }
  return codes;
}

// The order of kubectl -o yaml: numbers within names by their value, letters last.
bool key_less(std::string_view left, std::string_view right) {
  const auto a = code_points(left);
  const auto b = code_points(right);
  const std::size_t common = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < common && a[i] == b[i]) ++i;
  if (i == common) return a.size() < b.size();
  const bool a_letter = is_letter(a[i]);
  const bool b_letter = is_letter(b[i]);
  if (a_letter && b_letter) return a[i] < b[i];
  if (a_letter || b_letter) return b_letter;
  std::uint64_t a_number = 0;
  std::uint64_t b_number = 0;
  if (a[i] == '0' || b[i] == '0') {
    // Within a number a zero is a digit, at its start it is nothing.
    for (std::size_t j = i; j > 0 && is_digit(a[j - 1]); --j) {
      if (a[j - 1] != '0') {
        a_number = b_number = 1;
        break;
      }
    }
  }
  std::size_t a_end = i;
  std::size_t b_end = i;
  for (; a_end < a.size() && is_digit(a[a_end]); ++a_end)
    a_number = a_number * 10 + (a[a_end] - '0');
  for (; b_end < b.size() && is_digit(b[b_end]); ++b_end)
    b_number = b_number * 10 + (b[b_end] - '0');
  if (a_number != b_number) return a_number < b_number;
  if (a_end != b_end) return a_end < b_end;
  return a[i] < b[i];
}

bool is_break(std::uint32_t c) {
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}
bool is_blank(std::uint32_t c) {
  return c == ' ' || c == '\t';
}
// What may stand as it is. YAML would allow more, but this ends up on terminals.
bool is_printable(std::uint32_t c) {
  if (is_deceptive(c)) return false;
  return (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) ||
         (c >= 0x10000 && c <= 0x10FFFF);
}

// Which styles can hold a string (YAML 1.1, as libyaml's emitter decides it).
struct Styles {
  bool plain = true;
  bool single_quoted = true;
  bool literal = true;
};

bool is_indicator_at_start(std::uint32_t c, bool blank_follows) {
  constexpr std::string_view k_indicators = "#,[]{}&*!|>'\"%@`";
  if (c < 0x80 && k_indicators.find(static_cast<char>(c)) != std::string_view::npos) return true;
  return (c == '?' || c == ':' || c == '-') && blank_follows;
}

Styles styles_for(std::string_view text) {
  if (text.empty()) return {false, true, false};
  Styles styles;
  if (text.starts_with("---") || text.starts_with("...")) styles.plain = false;
  const auto codes = code_points(text);
  bool special = false;
  bool breaks = false;
  bool space_before_break = false;
  bool space_after_break = false;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::uint32_t c = codes[i];
    const bool last = i + 1 == codes.size();
    const std::uint32_t before = i == 0 ? '\n' : codes[i - 1];
    const bool blank_follows = last || is_blank(codes[i + 1]) || is_break(codes[i + 1]);
    if (i == 0 && is_indicator_at_start(c, blank_follows)) styles.plain = false;
    if (c == ':' && blank_follows) styles.plain = false;
    if (c == '#' && (is_blank(before) || is_break(before))) styles.plain = false;
    if (c == '\t') styles.plain = styles.single_quoted = false;
    if (is_break(c)) {
      breaks = true;
      special = special || c != '\n';
      space_before_break = space_before_break || is_blank(before);
    } else if (!is_printable(c) && c != '\t') {
      special = true;
    }
    if (c == ' ' && i > 0 && is_break(before)) space_after_break = true;
  }
  const auto is_edge = [](std::uint32_t c) { return is_blank(c) || is_break(c); };
  if (is_edge(codes.front()) || is_edge(codes.back()) || breaks) styles.plain = false;
  if (is_blank(codes.back())) styles.literal = false;
  if (space_after_break) styles.single_quoted = false;
  if (special || space_before_break) styles = {false, false, false};
  return styles;
}

class Writer {
 public:
  std::string write(const Json& value) {
    if (is_block(value)) {
      block(value, 0);
    } else {
      scalar(value, 0);
      m_out += '\n';
    }
    return std::move(m_out);
  }

 private:
  static bool is_block(const Json& value) { return value.is_structured() && !value.empty(); }

  void indent(std::size_t columns) { m_out.append(columns, ' '); }

  // A non-empty map or sequence at `column`, whose first line is already indented.
  void block(const Json& value, std::size_t column) {
    if (value.is_array()) {
      sequence(value, column);
    } else {
      map(value, column);
    }
  }

  void sequence(const Json& value, std::size_t column) {
    bool first = true;
    for (const Json& item : value) {
      if (!first) indent(column);
      first = false;
      m_out += '-';
      if (is_block(item)) {
        m_out += ' ';
        block(item, column + k_indent);
      } else {
        m_out += ' ';
        scalar(item, column);
        m_out += '\n';
      }
    }
  }

  void map(const Json& value, std::size_t column) {
    std::vector<const std::pair<const std::string, Json>*> members;
    for (const auto& member : value.get_ref<const Json::object_t&>()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return key_less(a->first, b->first); });
    bool first = true;
    for (const auto* const member : members) {
      if (!first) indent(column);
      first = false;
      key(member->first, column);
      this->member(member->second, column);
    }
  }

  void key(const std::string& name, std::size_t column) {
    const bool simple = name.size() <= k_longest_simple_key && name.find('\n') == name.npos;
    if (simple) {
      if (name.empty()) {
        m_out += "\"\"";
      } else {
        line(name);
      }
      m_out += ':';
      return;
    }
    m_out += "? ";
    double_quoted(name);
    m_out += '\n';
    indent(column);
    m_out += ':';
  }

  void member(const Json& value, std::size_t column) {
    if (!is_block(value)) {
      m_out += ' ';
      scalar(value, column);
      m_out += '\n';
      return;
    }
    m_out += '\n';
    const std::size_t inner = value.is_array() ? column : column + k_indent;
    indent(inner);
    block(value, inner);
  }

  // A scalar or an empty collection, without its line break.
  void scalar(const Json& value, std::size_t column) {
    switch (value.type()) {
      case Json::value_t::string: string(value.get_ref<const std::string&>(), column); break;
      case Json::value_t::boolean: m_out += value.get<bool>() ? "true" : "false"; break;
      case Json::value_t::number_integer: m_out += std::to_string(value.get<std::int64_t>()); break;
      case Json::value_t::number_unsigned:
        m_out += std::to_string(value.get<std::uint64_t>());
        break;
      case Json::value_t::number_float: m_out += double_text(value.get<double>()); break;
      case Json::value_t::object: m_out += "{}"; break;
      case Json::value_t::array: m_out += "[]"; break;
      default: m_out += "null";
    }
  }

  void string(const std::string& text, std::size_t column) {
    if (utf8_size(text) == 0 || valid_utf8(text) != text) {
      string_of(valid_utf8(text), column);
    } else {
      string_of(text, column);
    }
  }

  void string_of(const std::string& text, std::size_t column) {
    if (text.find('\n') != std::string::npos && styles_for(text).literal) {
      literal(text, column + k_indent);
    } else if (text.empty()) {
      m_out += "\"\"";
    } else {
      line(text);
    }
  }

  // A string on one line, in the plainest style that reads back as the same.
  void line(const std::string& text) {
    const Styles styles = styles_for(text);
    const bool is_typed = looks_typed(text);
    if (styles.plain && !is_typed) {
      m_out += text;
    } else if (styles.single_quoted && !is_typed && text.find('\n') == std::string::npos) {
      single_quoted(text);
    } else {
      double_quoted(text);
    }
  }

  void single_quoted(std::string_view text) {
    m_out += '\'';
    for (const char c : text) {
      if (c == '\'') m_out += '\'';
      m_out += c;
    }
    m_out += '\'';
  }

  void double_quoted(std::string_view text) {
    m_out += '"';
    while (!text.empty()) {
      const std::size_t size = std::max<std::size_t>(utf8_size(text), 1);
      const std::uint32_t c = utf8_code(text, size);
      if (is_printable(c) && !is_break(c) && c != '"' && c != '\\') {
        m_out.append(text.substr(0, size));
      } else {
        escape(c);
      }
      text.remove_prefix(size);
    }
    m_out += '"';
  }

  void escape(std::uint32_t c) {
    constexpr std::pair<std::uint32_t, char> k_short[] = {
        {0x00, '0'},  {0x07, 'a'}, {0x08, 'b'}, {0x09, 't'},   {0x0A, 'n'},
        {0x0B, 'v'},  {0x0C, 'f'}, {0x0D, 'r'}, {0x1B, 'e'},   {'"', '"'},
        {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    m_out += '\\';
    for (const auto& [code, letter] : k_short) {
      if (code == c) {
        m_out += letter;
        return;
      }
    }
    const int digits = c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8;
    m_out += digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
      m_out += "0123456789ABCDEF"[(c >> shift) & 0xF];
    }
  }

  void literal(std::string_view text, std::size_t column) {
    m_out += '|';
    // A text that begins with space has to say where its indentation ends.
    if (is_blank(static_cast<unsigned char>(text.front())) || text.front() == '\n') {
      m_out += std::to_string(k_indent);
    }
    if (text.back() != '\n') {
      m_out += '-';
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      m_out += '+';
    }
    const bool ends = text.back() == '\n';
    if (ends) text.remove_suffix(1);
    while (true) {
      const auto end = text.find('\n');
      m_out += '\n';
      if (end != 0 && !text.empty()) {
        indent(column);
        m_out.append(text.substr(0, end));
      }
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string m_out;
};

}  // namespace

std::string to_yaml(const Json& value) {
  return Writer().write(value);
}

}  // namespace kai::model
