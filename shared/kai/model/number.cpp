#include <kai/model/number.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace kai::model {
namespace {

// Whether a decimal number that no double holds is too large rather than too small.
bool is_large(std::string_view text) {
  const auto exponent_at = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent_at);
  const auto first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  std::int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view digits = text.substr(exponent_at + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (parsed.ec != std::errc()) return !digits.starts_with('-');
  }
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  const auto magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return exponent > -magnitude;  // the exponent may be any, and a sum too large
}

// d.ddd * 10^exponent with the fewest digits that read back the same.
struct Shortest {
  bool negative = false;
  std::string digits;
  int exponent = 0;

  // With an exponent of at least `exponent_digits` digits where it is below `low` or not
  // below `high`; as a plain decimal number between.
  [[nodiscard]] std::string text(int low, int high, std::size_t exponent_digits) const {
    std::string number = digits;
    const auto count = static_cast<int>(digits.size());
    if (exponent < low || exponent >= high) {
      if (count > 1) number.insert(1, ".");
      std::string power = std::to_string(std::abs(exponent));
      if (power.size() < exponent_digits) power.insert(0, "0");
      number += (exponent < 0 ? "e-" : "e+") + power;
    } else if (exponent < 0) {
      number.insert(0, "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0'));
    } else if (count <= exponent + 1) {
      number.append(static_cast<std::size_t>(exponent) + 1 - static_cast<std::size_t>(count), '0');
    } else {
      number.insert(static_cast<std::size_t>(exponent) + 1, ".");
    }
    return negative ? "-" + number : number;
  }
};

template <class Float>
Shortest shortest(Float number) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                     std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  const auto e = text.find('e');
  Shortest result;
  result.negative = text.starts_with('-');
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') result.digits += c;
  }
  result.exponent = std::stoi(std::string(text.substr(e + 1)));
  return result;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ptr != end) return std::nullopt;
  if (parsed.ec == std::errc()) return number;
  if (parsed.ec != std::errc::result_out_of_range || is_large(text)) return std::nullopt;
  return text.starts_with('-') ? -0.0 : 0.0;
}

std::string double_text(double number) {
  return shortest(number).text(-6, 21, 1);
}

std::string float_text(double number) {
  return shortest(static_cast<float>(number)).text(-4, 6, 2);
}

Json number_value(double number) {
  constexpr double k_exact = 9007199254740992;  // 2^53: below it every integer is exact
  constexpr double k_past_int64 = 1e19;
  if (number != std::floor(number) || std::abs(number) >= k_past_int64) return number;
  if (std::abs(number) < k_exact) return static_cast<std::int64_t>(number);
  const std::string text = double_text(number);
  std::int64_t integer = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return integer;
  return number;
}

}  // namespace kai::model
