// Colour and safe text. Text that came from a cluster or a file passes through
// safe_text() before it reaches a terminal (CVE-2021-25743).
#pragma once

#include <string>
#include <string_view>

namespace kai::output {

enum class Style { plain, bold, dim, good, warning, bad, accent };

// Knows whether colour may be used; a value.
class Palette {
 public:
  explicit Palette(bool color = false) : m_color(color) {}
  // `text` in that style; unchanged without colour.
  [[nodiscard]] std::string paint(Style style, std::string_view text) const;

 private:
  bool m_color;
};

// Control characters, escape sequences, bidirectional overrides and broken UTF-8
// are replaced by U+FFFD or spaces; newlines and tabs become spaces.
std::string safe_text(std::string_view text);

// Terminal cells that `text` takes; `shorten` cuts to that many with "…".
int display_width(std::string_view text);
std::string shorten(std::string_view text, int width);

// A bar of `width` cells: "██████░░" in UTF-8.
std::string bar(double fraction, int width);

}  // namespace kai::output
