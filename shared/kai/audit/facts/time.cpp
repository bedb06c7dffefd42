#include <fmt/format.h>
#include <kai/audit/facts/time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace kai::audit {
namespace {

std::optional<int> number(std::string_view text, std::size_t at, std::size_t length) {
  if (at + length > text.size()) return std::nullopt;
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + length, value);
  if (error != std::errc() || end != begin + length || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::int64_t parse_time(std::string_view text) {
  const auto year = number(text, 0, 4);
  const auto month = number(text, 5, 2);
  const auto day = number(text, 8, 2);
  const auto hour = number(text, 11, 2);
  const auto minute = number(text, 14, 2);
  const auto second = number(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return 0;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return 0;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  std::int64_t seconds = ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
  std::size_t zone = 19;
  if (zone < text.size() && text[zone] == '.') {
    zone = std::min(text.find_first_not_of("0123456789", zone + 1), text.size());
  }
  if (zone < text.size() && (text[zone] == '+' || text[zone] == '-')) {
    const auto hours = number(text, zone + 1, 2);
    const auto minutes = number(text, zone + 4, 2);
    if (!hours || !minutes) return 0;
    const std::int64_t offset = (*hours * 60 + *minutes) * 60;
    seconds += text[zone] == '+' ? -offset : offset;
  }
  return std::max<std::int64_t>(seconds, 0);
}

std::string format_time(std::int64_t seconds) {
  if (seconds == 0) return {};
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_age(std::int64_t seconds) {
  seconds = std::max<std::int64_t>(seconds, 0);
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

}  // namespace kai::audit
