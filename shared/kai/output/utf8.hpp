// UTF-8, one character at a time. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kai::output {

struct Decoded {
  char32_t code = 0xFFFD;
  std::size_t bytes = 1;  // at least 1
  bool valid = false;
};

// The character that begins `text`, which must not be empty. Overlong forms,
// surrogates, stray and missing continuation bytes are one invalid byte each.
Decoded decode_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t code);

// C0, DEL and C1.
bool is_control(char32_t code);
// Characters that change the order or the place of what follows, or are not seen:
// bidirectional marks and overrides, byte order marks, tags.
bool is_deceptive(char32_t code);

}  // namespace kai::output
