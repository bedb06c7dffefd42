#include <kai/model/utf8.hpp>
#include <kai/output/style.hpp>
#include <kai/output/width_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kai::output {

namespace {

using model::append_utf8;
using model::is_control;
using model::is_deceptive;

constexpr char32_t k_replacement = 0xFFFD;
constexpr char32_t k_escape = 0x1B;
constexpr char32_t k_joiner = 0x200D;
constexpr char32_t k_emoji_style = 0xFE0F;

struct Decoded {
  char32_t code = k_replacement;
  std::size_t bytes = 1;
  bool valid = false;
};

// The character that begins `text`, which must not be empty; each byte that is part of
// none is one of its own.
Decoded decode_utf8(std::string_view text) {
  const std::size_t size = model::utf8_size(text);
  if (size == 0) return {};
  return {model::utf8_code(text, size), size, true};
}

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t c) {
  const Range* found =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return found != std::begin(ranges) && c <= (found - 1)->last;
}

int cells(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return 0;
  if (c < 0x300) return 1;
  if (contains(k_zero_width, c)) return 0;
  return contains(k_double_width, c) ? 2 : 1;
}

bool is_regional(char32_t c) {
  return c >= 0x1F1E6 && c <= 0x1F1FF;
}
bool is_skin_tone(char32_t c) {
  return c >= 0x1F3FB && c <= 0x1F3FF;
}

// One character as people see it, and the cells it takes: a base with its marks, a
// flag's two letters, an emoji with its skin tone or joined to others.
struct Cluster {
  std::size_t bytes = 0;
  int width = 0;
};

Cluster next_cluster(std::string_view text) {
  Decoded first = decode_utf8(text);
  Cluster cluster{first.bytes, cells(first.code)};
  bool joined = false;
  bool paired = false;
  while (cluster.bytes < text.size()) {
    const Decoded next = decode_utf8(text.substr(cluster.bytes));
    if (joined) {
      joined = false;
    } else if (next.code == k_joiner) {
      joined = cluster.width == 2;  // only emoji are joined into one picture
    } else if (next.code == k_emoji_style) {
      cluster.width = 2;
    } else if (is_skin_tone(next.code) && cluster.width == 2) {
      // drawn onto the base
    } else if (is_regional(first.code) && is_regional(next.code) && !paired) {
      paired = true;
      cluster.width = 2;
    } else if (next.code < 0x300 || cells(next.code) != 0) {
      break;
    }
    cluster.bytes += next.bytes;
  }
  return cluster;
}

// The bytes of the escape sequence that begins `text` (with ESC, or with the C1
// form of its introducer), as ECMA-48 delimits it.
std::size_t escape_length(std::string_view text) {
  const Decoded introducer = decode_utf8(text);
  std::size_t at = introducer.bytes;
  char32_t kind = introducer.code;
  if (kind == k_escape) {
    if (at >= text.size()) return at;
    const char letter = text[at];
    if (letter < 0x20 || letter > 0x7E) return at;
    ++at;
    kind = static_cast<char32_t>(letter) + 0x40;  // ESC [ is C1's CSI, and so on
    if (letter < 0x30) {                          // ESC, intermediates, final
      while (at < text.size() && text[at] >= 0x20 && text[at] < 0x30) ++at;
      return at < text.size() && text[at] >= 0x30 && text[at] < 0x7F ? at + 1 : at;
    }
  }
  switch (kind) {
    case 0x9B:  // CSI: parameters and intermediates, then one final byte
      while (at < text.size() && text[at] >= 0x20 && text[at] < 0x40) ++at;
      return at < text.size() && text[at] >= 0x40 && text[at] < 0x7F ? at + 1 : at;
    case 0x90:    // DCS
    case 0x98:    // SOS
    case 0x9D:    // OSC
    case 0x9E:    // PM
    case 0x9F: {  // APC: up to BEL or the string terminator
      for (std::size_t end = at; end < text.size();) {
        const Decoded next = decode_utf8(text.substr(end));
        end += next.bytes;
        if (next.code == 0x07 || next.code == 0x9C) return end;
        if (next.code == k_escape && end < text.size() && text[end] == '\\') return end + 1;
        // A terminal gives up at a line's end; so the rest is still readable.
        if (next.code == '\n') return end - 1;
      }
      return text.size();
    }
    default: return at;
  }
}

}  // namespace

std::string Palette::paint(Style style, std::string_view text) const {
  const char* code = nullptr;
  switch (style) {
    case Style::plain: break;
    case Style::bold: code = "1"; break;
    case Style::dim: code = "2"; break;
    case Style::good: code = "32"; break;
    case Style::warning: code = "33"; break;
    case Style::bad: code = "31"; break;
    case Style::accent: code = "36"; break;
  }
  if (!m_color || code == nullptr || text.empty()) return std::string(text);
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

std::string safe_text(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7F) {
      safe += text[at++];
      continue;
    }
    const std::string_view rest = text.substr(at);
    const Decoded next = decode_utf8(rest);
    std::size_t taken = next.bytes;
    if (next.code == '\n' || next.code == '\t' || next.code == '\r' || next.code == 0x85 ||
        next.code == 0x2028 || next.code == 0x2029) {
      safe += ' ';
    } else if (next.code == k_escape || is_control(next.code)) {
      taken = escape_length(rest);
      append_utf8(safe, k_replacement);
    } else if (!next.valid || is_deceptive(next.code)) {
      append_utf8(safe, k_replacement);
    } else {
      safe += rest.substr(0, taken);
    }
    at += taken;
  }
  return safe;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    width += cluster.width;
    text.remove_prefix(cluster.bytes);
  }
  return width;
}

std::string shorten(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  if (width <= 0) return {};
  int used = 1;  // the "…" itself
  std::size_t end = 0;
  while (end < text.size()) {
    const Cluster cluster = next_cluster(text.substr(end));
    if (used + cluster.width > width) break;
    used += cluster.width;
    end += cluster.bytes;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string bar(double fraction, int width) {
  if (width <= 0) return {};
  const double bounded = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  int full = static_cast<int>(std::lround(bounded * width));
  // Something is never shown as nothing, and not everything never as all.
  if (bounded > 0) full = std::max(full, 1);
  if (bounded < 1) full = std::min(full, width - 1);
  std::string text;
  for (int i = 0; i < width; ++i) text += i < full ? "█" : "░";
  return text;
}

}  // namespace kai::output
