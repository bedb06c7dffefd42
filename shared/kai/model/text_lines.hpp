// TextLines: lines around places of a text.
//
// Internal to the layer. Borrows the text; offsets are bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace kai::model {

class TextLines {
 public:
  explicit TextLines(std::string_view text)
      : m_text(text), m_first(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

  [[nodiscard]] std::size_t line_begin(std::size_t at) const {
    const std::size_t newline = at == 0 ? std::string_view::npos : m_text.rfind('\n', at - 1);
    return newline == std::string_view::npos ? m_first : newline + 1;
  }
  // Where the line break begins, which may be "\r\n".
  [[nodiscard]] std::size_t line_end(std::size_t at) const {
    const std::size_t newline = m_text.find('\n', at);
    if (newline == std::string_view::npos) return m_text.size();
    return newline > at && m_text[newline - 1] == '\r' ? newline - 1 : newline;
  }
  // Behind the line in which something ends.
  [[nodiscard]] std::size_t next_line(std::size_t end) const {
    if (end > 0 && m_text[end - 1] == '\n') return end;
    const std::size_t newline = m_text.find('\n', end);
    return newline == std::string_view::npos ? m_text.size() : newline + 1;
  }
  [[nodiscard]] std::size_t column(std::size_t at) const { return at - line_begin(at); }
  [[nodiscard]] bool is_same_line(std::size_t a, std::size_t b) const {
    return line_begin(a) == line_begin(b);
  }
  // Whether nothing but spaces stands before it.
  [[nodiscard]] bool is_first_in_line(std::size_t at) const {
    return before(at).find_first_not_of(' ') == std::string_view::npos;
  }
  // The same with tabs, and not for the first line of the text.
  [[nodiscard]] bool begins_line(std::size_t at) const {
    return line_begin(at) > m_first &&
           before(at).find_first_not_of(" \t") == std::string_view::npos;
  }

 private:
  [[nodiscard]] std::string_view before(std::size_t at) const {
    const std::size_t begin = line_begin(at);
    return m_text.substr(begin, at - begin);
  }

  std::string_view m_text;
  std::size_t m_first;  // behind a byte order mark
};

}  // namespace kai::model
