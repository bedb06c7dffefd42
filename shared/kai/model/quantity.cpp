#include <kai/model/quantity.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

namespace kai::model {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr Wide k_nano_per_unit = 1'000'000'000;
// 1e29 units in nano: where amounts saturate. A round number below 2^127.
constexpr Wide k_max = Wide{10'000'000'000'000'000'000U} * 10'000'000'000'000'000'000U;
constexpr Wide k_max_binary = Wide{std::numeric_limits<std::int64_t>::max()} * k_nano_per_unit;
constexpr int k_nano_digits = 9;
// Beyond this an exponent means "too large" or "too small" whatever the digits are.
constexpr std::int64_t k_exponent_bound = 1'000'000;

struct Suffix {
  std::string_view text;
  int exponent;  // of 10, or of 1024
};

constexpr std::array k_decimal_suffixes = {
    Suffix{"n", -9}, Suffix{"u", -6}, Suffix{"m", -3}, Suffix{"", 0},   Suffix{"k", 3},
    Suffix{"M", 6},  Suffix{"G", 9},  Suffix{"T", 12}, Suffix{"P", 15}, Suffix{"E", 18}};
constexpr std::array k_binary_suffixes = {Suffix{"Ki", 1}, Suffix{"Mi", 2}, Suffix{"Gi", 3},
                                          Suffix{"Ti", 4}, Suffix{"Pi", 5}, Suffix{"Ei", 6}};

template <class Table>
const Suffix* find_suffix(const Table& table, std::string_view text) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Suffix& suffix) { return suffix.text == text; });
  return found == table.end() ? nullptr : &*found;
}

template <class Table>
std::string_view suffix_text(const Table& table, int exponent) {
  for (const Suffix& suffix : table) {
    if (suffix.exponent == exponent) return suffix.text;
  }
  return {};
}

// A text cut into its parts, as Kubernetes' scanner cuts it.
struct Parts {
  bool negative = false;
  std::vector<int> digits;    // of the number, without its point
  std::int64_t decimals = 0;  // how many of them stand behind the point
  std::string_view suffix;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Parts split(std::string_view text) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto take_digits = [&] {
    std::int64_t count = 0;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++count) {
      parts.digits.push_back(text.front() - '0');
    }
    return count;
  };
  take_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.decimals = take_digits();
  }
  parts.suffix = text;
  return parts;
}

struct Scale {
  Quantity::Format format = Quantity::Format::decimal_si;
  std::int64_t power_of_ten = 0;
  int power_of_1024 = 0;
};

std::optional<Scale> interpret(std::string_view suffix) {
  if (const Suffix* const decimal = find_suffix(k_decimal_suffixes, suffix)) {
    return Scale{Quantity::Format::decimal_si, decimal->exponent, 0};
  }
  if (const Suffix* const binary = find_suffix(k_binary_suffixes, suffix)) {
    return Scale{Quantity::Format::binary_si, 0, binary->exponent};
  }
  if (suffix.size() < 2 || (suffix.front() != 'e' && suffix.front() != 'E')) return std::nullopt;
  suffix.remove_prefix(1);
  if (suffix.size() > 1 && suffix.front() == '+' && is_digit(suffix[1])) suffix.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto parsed = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (parsed.ec != std::errc() || parsed.ptr != suffix.data() + suffix.size()) return std::nullopt;
  exponent = std::clamp(exponent, -k_exponent_bound, k_exponent_bound);
  return Scale{Quantity::Format::decimal_exponent, exponent, 0};
}

// Schoolbook multiplication of decimal digits: exact at any length.
void multiply(std::vector<int>& digits, int factor) {
  int carry = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    const int product = *digit * factor + carry;
    *digit = product % 10;
    carry = product / 10;
  }
  std::vector<int> front;
  for (; carry > 0; carry /= 10) front.insert(front.begin(), carry % 10);
  digits.insert(digits.begin(), front.begin(), front.end());
}

Wide saturating_add(Wide a, Wide b) {
  Wide sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? -k_max : k_max;
  return std::clamp(sum, -k_max, k_max);
}

// digits * 10^shift, rounded up to a whole number, at most k_max.
Wide shifted(const std::vector<int>& digits, std::int64_t shift) {
  const auto size = static_cast<std::int64_t>(digits.size());
  const std::int64_t kept = std::clamp(size + shift, std::int64_t{0}, size);
  Wide value = 0;
  const auto append = [&value](int digit) {
    const bool fits = value <= (k_max - digit) / 10;
    value = fits ? value * 10 + digit : k_max;
    return fits;
  };
  for (std::int64_t i = 0; i < kept; ++i) {
    if (!append(digits[static_cast<std::size_t>(i)])) return value;
  }
  for (std::int64_t i = 0; value != 0 && i < shift; ++i) {
    if (!append(0)) return value;
  }
  const bool rest = std::any_of(digits.begin() + kept, digits.end(), [](int d) { return d != 0; });
  return rest ? saturating_add(value, 1) : value;
}

// value / divisor, away from zero, within int64.
std::int64_t divided_away_from_zero(Wide value, Wide divisor) {
  Wide quotient = value / divisor;
  if (value % divisor != 0) quotient += value < 0 ? -1 : 1;
  return static_cast<std::int64_t>(std::clamp(quotient,
                                              Wide{std::numeric_limits<std::int64_t>::min()},
                                              Wide{std::numeric_limits<std::int64_t>::max()}));
}

std::string decimal_text(Wide value) {
  std::string text;
  UnsignedWide left = value < 0 ? UnsignedWide{0} - static_cast<UnsignedWide>(value)
                                : static_cast<UnsignedWide>(value);
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(left % 10)));
    left /= 10;
  } while (left != 0);
  return value < 0 ? "-" + text : text;
}

}  // namespace

Quantity Quantity::of(std::int64_t value) {
  Quantity quantity;
  quantity.m_nano = Wide{value} * k_nano_per_unit;
  return quantity;
}

Result<Quantity> Quantity::parse(std::string_view text) {
  const auto invalid = [&] {
    return fail(Error(ErrorCode::invalid_input, "invalid quantity \"" + std::string(text) + "\"")
                    .with_hint("write a number with an optional suffix: n u m k M G T P E, "
                               "Ki Mi Gi Ti Pi Ei, or an exponent such as e3"));
  };
  if (text.empty()) return invalid();
  Parts parts = split(text);
  const auto scale = interpret(parts.suffix);
  if (!scale) return invalid();
  // Kubernetes takes a number without digits for zero ("m"), unless its fast path is
  // too narrow for the suffix.
  if (parts.digits.empty() && (scale->power_of_ten < -k_nano_digits || scale->power_of_1024 > 4)) {
    return invalid();
  }

  for (int i = 0; i < scale->power_of_1024; ++i) multiply(parts.digits, 1024);
  Quantity quantity;
  quantity.m_format = scale->format;
  quantity.m_nano = shifted(parts.digits, scale->power_of_ten - parts.decimals + k_nano_digits);
  if (quantity.m_format == Format::binary_si) {
    quantity.m_nano = std::min(quantity.m_nano, k_max_binary);
    // Less than one has no binary form.
    if (quantity.m_nano > 0 && quantity.m_nano < k_nano_per_unit) {
      quantity.m_format = Format::decimal_si;
    }
  }
  if (parts.negative) quantity.m_nano = -quantity.m_nano;
  return quantity;
}

Result<Quantity> Quantity::from_json(const Json& value) {
  if (value.is_null()) return Quantity();
  if (value.is_string()) {
    std::string_view text = value.get_ref<const std::string&>();
    constexpr std::string_view k_space = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(k_space);
    if (first == std::string_view::npos) return parse("");
    return parse(text.substr(first, text.find_last_not_of(k_space) - first + 1));
  }
  if (value.is_number()) return parse(value.dump());
  return fail(ErrorCode::invalid_input,
              std::string("a quantity must be a string or a number, not ") + value.type_name());
}

std::string Quantity::to_string() const {
  if (m_nano == 0) return "0";
  const Wide magnitude = m_nano < 0 ? -m_nano : m_nano;
  if (m_format == Format::binary_si && magnitude >= 1024 * k_nano_per_unit && is_whole()) {
    Wide amount = m_nano / k_nano_per_unit;
    int exponent = 0;
    for (; amount % 1024 == 0 && exponent < k_binary_suffixes.back().exponent; ++exponent) {
      amount /= 1024;
    }
    return decimal_text(amount).append(suffix_text(k_binary_suffixes, exponent));
  }
  const bool exponential = m_format == Format::decimal_exponent;
  Wide amount = m_nano;
  int exponent = -k_nano_digits;
  while (amount % 1000 == 0 && (exponential || exponent < k_decimal_suffixes.back().exponent)) {
    amount /= 1000;
    exponent += 3;
  }
  std::string text = decimal_text(amount);
  if (!exponential) return text.append(suffix_text(k_decimal_suffixes, exponent));
  return exponent == 0 ? text : text + "e" + std::to_string(exponent);
}

std::int64_t Quantity::value() const {
  return divided_away_from_zero(m_nano, k_nano_per_unit);
}

std::int64_t Quantity::milli_value() const {
  return divided_away_from_zero(m_nano, k_nano_per_unit / 1000);
}

bool Quantity::is_whole() const {
  return m_nano % k_nano_per_unit == 0;
}

Quantity& Quantity::operator+=(const Quantity& other) {
  if (is_zero()) m_format = other.m_format;
  m_nano = saturating_add(m_nano, other.m_nano);
  return *this;
}

Quantity& Quantity::operator-=(const Quantity& other) {
  if (is_zero()) m_format = other.m_format;
  m_nano = saturating_add(m_nano, -other.m_nano);
  return *this;
}

}  // namespace kai::model
