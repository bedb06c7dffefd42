#include <kai/model/cron.hpp>

#include <kai/model/duration.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace kai::model {
namespace {

constexpr std::int64_t k_minute = 60;
constexpr std::int64_t k_day = 24 * 60 * k_minute;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return parts;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

constexpr std::array<std::string_view, 12> k_months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> k_days = {"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

struct Bounds {
  unsigned min;
  unsigned max;
  std::span<const std::string_view> names;
};

struct Field {
  std::uint64_t bits = 0;
  bool star = false;  // takes everything, so that the other of the two day fields decides

  [[nodiscard]] bool has(unsigned value) const { return (bits >> value & 1U) != 0; }
};

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::optional<unsigned> number_or_name(std::string_view text, const Bounds& bounds) {
  const std::string name = lower(text);
  const auto found = std::find(bounds.names.begin(), bounds.names.end(), name);
  if (found == bounds.names.end()) return number(text);
  return bounds.min + static_cast<unsigned>(found - bounds.names.begin());
}

// "5", "1-5", "*/15", "mon-fri", "10/5".
bool add_range(std::string_view text, const Bounds& bounds, Field& field) {
  const std::size_t slash = text.find('/');
  const std::string_view range = text.substr(0, slash);
  const std::size_t hyphen = range.find('-');
  unsigned first = bounds.min;
  unsigned last = bounds.max;
  bool star = false;
  if (range == "*" || range == "?") {
    star = true;
  } else {
    const auto low = number_or_name(range.substr(0, hyphen), bounds);
    if (!low) return false;
    first = last = *low;
    if (hyphen != std::string_view::npos) {
      const auto high = number_or_name(range.substr(hyphen + 1), bounds);
      if (!high) return false;
      last = *high;
    }
  }
  unsigned step = 1;
  if (slash != std::string_view::npos) {
    const auto given = number(text.substr(slash + 1));
    if (!given || *given == 0) return false;
    step = *given;
    if (hyphen == std::string_view::npos) last = bounds.max;
    if (step > 1) star = false;
  }
  if (first < bounds.min || last > bounds.max || first > last) return false;
  for (unsigned value = first; value <= last; value += step)
    field.bits |= std::uint64_t{1} << value;
  field.star = field.star || star;
  return true;
}

std::optional<Field> parse_field(std::string_view text, const Bounds& bounds) {
  Field field;
  for (const std::string_view part : split(text, ",")) {
    if (!add_range(part, bounds, field)) return std::nullopt;
  }
  return field;
}

// Of "@every 1h30m", in whole seconds: a shorter one is rounded up to a second there.
std::optional<std::int64_t> seconds_of(std::string_view duration) {
  const bool has_unit = duration.find_first_not_of("0123456789.") != std::string_view::npos;
  const auto parsed = model::parse_duration(duration);
  if (!has_unit || !parsed) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*parsed).count();
  return std::max<std::int64_t>(seconds, 1);
}

std::optional<std::int64_t> interval_of(std::span<const Field, 5> fields) {
  const auto& [minutes, hours, days_of_month, months, days_of_week] =
      std::tie(fields[0], fields[1], fields[2], fields[3], fields[4]);
  // The minutes of a day on which it runs.
  std::optional<std::int64_t> first;
  std::int64_t last = 0;
  std::int64_t longest = 0;
  for (unsigned minute = 0; minute < 24 * 60; ++minute) {
    if (!hours.has(minute / 60) || !minutes.has(minute % 60)) continue;
    if (first) longest = std::max(longest, minute - last);
    if (!first) first = minute;
    last = minute;
  }
  if (!first) return std::nullopt;
  longest *= k_minute;
  using namespace std::chrono;
  std::optional<std::int64_t> previous;
  bool twice = longest > 0;
  // Nine years have two leap days.
  const sys_days end = sys_days(year(2033) / January / 1);
  for (sys_days day = sys_days(year(2024) / January / 1); day < end; day += days(1)) {
    const year_month_day date(day);
    if (!months.has(unsigned(date.month()))) continue;
    const bool in_month = days_of_month.has(unsigned(date.day()));
    const bool in_week = days_of_week.has(weekday(day).c_encoding());
    const bool either = !days_of_month.star && !days_of_week.star;
    if (either ? !in_month && !in_week : !in_month || !in_week) continue;
    const std::int64_t at = day.time_since_epoch().count();
    if (previous) {
      twice = true;
      longest = std::max(longest, (at - *previous) * k_day - (last - *first) * k_minute);
    }
    previous = at;
  }
  if (!previous || !twice) return std::nullopt;
  return longest;
}

}  // namespace

std::optional<std::int64_t> longest_interval(std::string_view schedule) {
  if (schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=")) {
    const std::size_t space = schedule.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    schedule.remove_prefix(std::min(schedule.find_first_not_of(' ', space), schedule.size()));
  }
  static constexpr std::string_view k_every = "@every ";
  if (schedule.starts_with(k_every)) return seconds_of(schedule.substr(k_every.size()));
  if (schedule.starts_with('@')) {
    if (schedule == "@hourly") schedule = "0 * * * *";
    if (schedule == "@daily" || schedule == "@midnight") schedule = "0 0 * * *";
    if (schedule == "@weekly") schedule = "0 0 * * 0";
    if (schedule == "@monthly") schedule = "0 0 1 * *";
    if (schedule == "@yearly" || schedule == "@annually") schedule = "0 0 1 1 *";
  }
  static constexpr std::array<Bounds, 5> k_bounds = {
      {{0, 59, {}}, {0, 23, {}}, {1, 31, {}}, {1, 12, k_months}, {0, 6, k_days}}};
  const auto texts = split(schedule, " \t\r\n");
  if (texts.size() != k_bounds.size()) return std::nullopt;
  std::array<Field, 5> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto field = parse_field(texts[i], k_bounds.at(i));
    if (!field) return std::nullopt;
    fields.at(i) = *field;
  }
  return interval_of(fields);
}

}  // namespace kai::model
