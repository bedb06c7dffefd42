#include <kai/kube/encoding.hpp>

#include <array>
#include <cstdint>
#include <cstdio>

namespace kai::kube {

namespace {

constexpr std::string_view k_base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes exactly `count` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t block = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = base64_value(c);
    if (value < 0 || padding > 0) return std::nullopt;
    block = (block << 6) | static_cast<std::uint32_t>(value);
    if (++digits == 4) {
      bytes += static_cast<char>(block >> 16);
      bytes += static_cast<char>(block >> 8);
      bytes += static_cast<char>(block);
      block = 0;
      digits = 0;
    }
  }
  if (digits == 0) return padding == 0 ? std::optional(std::move(bytes)) : std::nullopt;
  if (digits == 1 || digits + padding != 4) return std::nullopt;
  bytes += static_cast<char>(digits == 2 ? block >> 4 : block >> 10);
  if (digits == 3) bytes += static_cast<char>(block >> 2);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t block = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      block = (block << 8) | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    text += k_base64[(block >> 18) & 63];
    text += k_base64[(block >> 12) & 63];
    text += group.size() > 1 ? k_base64[(block >> 6) & 63] : '=';
    text += group.size() > 2 ? k_base64[block & 63] : '=';
  }
  return text;
}

std::string escape_url(std::string_view text) {
  constexpr std::string_view k_hex = "0123456789ABCDEF";
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      escaped += c;
    } else {
      escaped += '%';
      escaped += k_hex[byte >> 4];
      escaped += k_hex[byte & 15];
    }
  }
  return escaped;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::nanoseconds;
  using std::chrono::seconds;

  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || text.empty() || (text.front() != 'T' && text.front() != 't')) return std::nullopt;
  text.remove_prefix(1);
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  // 60 is a leap second.
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  std::int64_t fraction = 0;
  if (take(text, '.')) {
    std::int64_t unit = 100'000'000;
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    while (!text.empty() && is_digit(text.front())) {
      fraction += (text.front() - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }

  minutes offset{0};
  if (text == "Z" || text == "z") {
    text = {};
  } else {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const bool west = text.front() == '-';
    text.remove_prefix(1);
    const auto offset_hours = take_number(text, 2);
    if (!offset_hours || !take(text, ':')) return std::nullopt;
    const auto offset_minutes = take_number(text, 2);
    if (!offset_minutes || !text.empty()) return std::nullopt;
    offset = hours(*offset_hours) + minutes(*offset_minutes);
    if (west) offset = -offset;
  }
  return Timestamp(std::chrono::sys_days(date)) + hours(*hour) + minutes(*minute) +
         seconds(*second) + nanoseconds(fraction) - offset;
}

std::string format_timestamp(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace kai::kube
