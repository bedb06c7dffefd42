#include <kai/model/duration.hpp>

#include <array>
#include <cmath>
#include <limits>

namespace kai::model {

namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};

// Longer names first where one begins another. U+00B5 and U+03BC both are "µ".
constexpr std::array<Unit, 8> k_units{{{"ms", 1.0},
                                       {"ns", 1e-6},
                                       {"us", 1e-3},
                                       {"\u00b5s", 1e-3},
                                       {"\u03bcs", 1e-3},
                                       {"s", 1e3},
                                       {"m", 60e3},
                                       {"h", 3600e3}}};

const Unit* unit_at(std::string_view text) {
  for (const Unit& unit : k_units) {
    if (text.substr(0, unit.name.size()) == unit.name) return &unit;
  }
  return nullptr;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads "12", "1.5", ".5" or "5." off the front of `text`; false when there is none.
bool take_number(std::string_view& text, double& number) {
  std::size_t at = 0;
  std::size_t digits = 0;
  double scale = 0;  // 0 before the point
  number = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && scale == 0) {
      scale = 1;
    } else if (is_digit(text[at])) {
      ++digits;
      if (scale == 0) {
        number = number * 10 + (text[at] - '0');
      } else {
        scale /= 10;
        number += (text[at] - '0') * scale;
      }
    } else {
      break;
    }
  }
  text.remove_prefix(at);
  return digits > 0;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto wrong = [text](const char* why = "is no duration, such as 90s, 5m or 1h30m") {
    return fail(ErrorCode::usage, "\"" + std::string(text) + "\" " + why);
  };
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '-') return wrong("is negative");
  if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
  if (rest.empty()) return wrong();

  double total = 0;
  bool first = true;
  while (!rest.empty()) {
    double number = 0;
    if (!take_number(rest, number)) return wrong();
    if (rest.empty() && first) {  // a plain number of seconds, as in --request-timeout=30
      total = number * 1e3;
      break;
    }
    const Unit* unit = unit_at(rest);
    if (unit == nullptr) return wrong();
    total += number * unit->milliseconds;
    rest.remove_prefix(unit->name.size());
    first = false;
  }
  // Go's own limit: 2^63 nanoseconds, about 292 years.
  if (total > static_cast<double>(std::numeric_limits<std::int64_t>::max()) / 1e6) {
    return wrong("is too long");
  }
  // Zero means "no limit", so what is merely short must not become zero.
  if (total > 0 && total < 1) total = 1;
  return std::chrono::milliseconds(std::llround(total));
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0s";
  if (count % 1000 != 0 && count < 1000) return std::to_string(count) + "ms";
  std::string text;
  const auto seconds = count / 1000;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds / 60 % 60 != 0) text += std::to_string(seconds / 60 % 60) + "m";
  const auto millis = count % 1000;
  if (millis != 0) {
    std::string fraction = std::to_string(1000 + millis).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    text += std::to_string(seconds % 60) + "." + fraction + "s";
  } else if (seconds % 60 != 0) {
    text += std::to_string(seconds % 60) + "s";
  }
  return text;
}

}  // namespace kai::model
