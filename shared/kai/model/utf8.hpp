// UTF-8, one character at a time. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kai::model {

// The bytes of the character at the start of `text` (1 to 4), or 0 when it is not well
// formed (Unicode, table 3-7) or `text` is empty.
std::size_t utf8_size(std::string_view text);

// The code point of a well-formed character of `size` bytes.
std::uint32_t utf8_code(std::string_view text, std::size_t size);

void append_utf8(std::string& out, std::uint32_t code);

// The text with U+FFFD for every byte that is part of no character, as Go writes it.
std::string valid_utf8(std::string_view text);

// C0, DEL and C1.
bool is_control(std::uint32_t code);
// Characters that change the order or the place of what follows, or are not seen:
// bidirectional marks and overrides, byte order marks, tags. Text with them can say
// one thing and show another.
bool is_deceptive(std::uint32_t code);

}  // namespace kai::model
