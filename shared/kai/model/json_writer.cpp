#include <kai/model/json.hpp>
#include <kai/model/number.hpp>
#include <kai/model/utf8.hpp>

#include <algorithm>
#include <cstdint>

namespace kai::model {
namespace {

class Writer {
 public:
  explicit Writer(int indent) : m_indent(indent) {}

  std::string write(const Json& value) {
    this->value(value, 0);
    return std::move(m_out);
  }

 private:
  void value(const Json& value, int level) {
    switch (value.type()) {
      case Json::value_t::object: object(value, level); break;
      case Json::value_t::array: array(value, level); break;
      case Json::value_t::string: string(value.get_ref<const std::string&>()); break;
      case Json::value_t::boolean: m_out += value.get<bool>() ? "true" : "false"; break;
      case Json::value_t::number_integer: m_out += std::to_string(value.get<std::int64_t>()); break;
      case Json::value_t::number_unsigned:
        m_out += std::to_string(value.get<std::uint64_t>());
        break;
      case Json::value_t::number_float: m_out += double_text(value.get<double>()); break;
      default: m_out += "null";
    }
  }

  void line_break(int level) {
    if (m_indent < 0) return;
    m_out += '\n';
    m_out.append(static_cast<std::size_t>(m_indent) * static_cast<std::size_t>(level), ' ');
  }

  void object(const Json& value, int level) {
    m_out += '{';
    bool first = true;
    for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
      if (!first) m_out += ',';
      first = false;
      line_break(level + 1);
      string(name);
      m_out += m_indent < 0 ? ":" : ": ";
      this->value(member, level + 1);
    }
    if (!first) line_break(level);
    m_out += '}';
  }

  void array(const Json& value, int level) {
    m_out += '[';
    bool first = true;
    for (const Json& item : value) {
      if (!first) m_out += ',';
      first = false;
      line_break(level + 1);
      this->value(item, level + 1);
    }
    if (!first) line_break(level);
    m_out += ']';
  }

  void string(std::string_view text) {
    m_out += '"';
    while (!text.empty()) {
      const std::size_t size = utf8_size(text);
      if (size == 1) {
        ascii(text.front());
      } else if (size == 0) {
        m_out += "\xEF\xBF\xBD";
      } else {
        m_out.append(text.substr(0, size));
      }
      text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    m_out += '"';
  }

  void ascii(char c) {
    switch (c) {
      case '"': m_out += "\\\""; return;
      case '\\': m_out += "\\\\"; return;
      case '\b': m_out += "\\b"; return;
      case '\f': m_out += "\\f"; return;
      case '\n': m_out += "\\n"; return;
      case '\r': m_out += "\\r"; return;
      case '\t': m_out += "\\t"; return;
      default: break;
    }
    if (static_cast<unsigned char>(c) >= 0x20) {
      m_out += c;
      return;
    }
    constexpr std::string_view k_hex = "0123456789abcdef";
    m_out += "\\u00";
    m_out += k_hex[static_cast<std::size_t>(c) >> 4];
    m_out += k_hex[static_cast<std::size_t>(c) & 15];
  }

  int m_indent;
  std::string m_out;
};

}  // namespace

std::string to_json(const Json& value, int indent) {
  return Writer(indent).write(value);
}

}  // namespace kai::model
