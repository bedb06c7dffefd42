#include <kai/model/yaml_scalar.hpp>

#include <kai/model/number.hpp>
#include <kai/model/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace kai::model {
namespace {

using Type = YamlScalar::Type;

constexpr std::string_view k_tag_prefix = "tag:yaml.org,2002:";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

YamlScalar null_scalar() {
  YamlScalar scalar;
  scalar.type = Type::null;
  return scalar;
}
YamlScalar boolean_scalar(bool value) {
  YamlScalar scalar;
  scalar.type = Type::boolean;
  scalar.boolean = value;
  return scalar;
}
YamlScalar integer_scalar(std::int64_t value) {
  YamlScalar scalar;
  scalar.type = Type::integer;
  scalar.integer = value;
  return scalar;
}
YamlScalar large_integer_scalar(std::uint64_t value) {
  YamlScalar scalar;
  scalar.type = Type::large_integer;
  scalar.large_integer = value;
  return scalar;
}
YamlScalar real_scalar(double value) {
  YamlScalar scalar;
  scalar.type = Type::real;
  scalar.real = value;
  return scalar;
}

template <std::size_t Size>
bool is_one_of(std::string_view text, const std::array<std::string_view, Size>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 11> k_true = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                     "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> k_false = {"n",     "N",     "no",  "No",  "NO", "false",
                                                      "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 4> k_null = {"~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 3> k_nan = {".nan", ".NaN", ".NAN"};
constexpr std::array<std::string_view, 6> k_infinity = {".inf",  ".Inf",  ".INF",
                                                        "+.inf", "+.Inf", "+.INF"};
constexpr std::array<std::string_view, 3> k_minus_infinity = {"-.inf", "-.Inf", "-.INF"};

constexpr std::size_t k_longest_word = 5;

std::optional<YamlScalar> resolve_word(std::string_view text) {
  if (text.size() > k_longest_word) return std::nullopt;
  if (is_one_of(text, k_true)) return boolean_scalar(true);
  if (is_one_of(text, k_false)) return boolean_scalar(false);
  if (is_one_of(text, k_null)) return null_scalar();
  if (is_one_of(text, k_nan)) return real_scalar(std::numeric_limits<double>::quiet_NaN());
  if (is_one_of(text, k_infinity)) return real_scalar(std::numeric_limits<double>::infinity());
  if (is_one_of(text, k_minus_infinity)) {
    return real_scalar(-std::numeric_limits<double>::infinity());
  }
  return std::nullopt;
}

// An integer as Go's strconv.ParseInt and ParseUint take it; base 0 reads the base from
// a prefix, where a leading zero means octal.
std::optional<YamlScalar> resolve_integer(std::string_view text, int base) {
  const bool signed_text = text.starts_with('-') || text.starts_with('+');
  const bool negative = text.starts_with('-');
  if (signed_text) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (base == 0) {
    base = 10;
    if (text.front() == '0') {
      const char kind = text.size() >= 3 ? static_cast<char>(text[1] | 0x20) : ' ';
      base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
      text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
      if (text.empty()) return integer_scalar(0);
    }
  }
  std::uint64_t magnitude = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  constexpr auto k_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude <= k_max) {
    const auto value = static_cast<std::int64_t>(magnitude);
    return integer_scalar(negative ? -value : value);
  }
  if (negative && magnitude == k_max + 1) {
    return integer_scalar(std::numeric_limits<std::int64_t>::min());
  }
  if (signed_text) return std::nullopt;
  return large_integer_scalar(magnitude);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float_text(std::string_view text) {
  const auto digits = [&text] {
    std::size_t count = 0;
    while (!text.empty() && is_digit(text.front())) {
      text.remove_prefix(1);
      ++count;
    }
    return count;
  };
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const bool whole = digits() > 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0 && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return digits() > 0 && text.empty();
}

// Go's rule for "_" in a float: only between digits.
bool has_misplaced_underscore(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') continue;
    if (i == 0 || !is_digit(text[i - 1])) return true;
    if (i + 1 == text.size() || !is_digit(text[i + 1])) return true;
  }
  return false;
}

std::string without_underscores(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

YamlScalar resolve_number(std::string_view text) {
  if (text.front() == '.') {
    if (has_misplaced_underscore(text)) return {};
    const std::string plain = without_underscores(text);
    const auto number = is_float_text(plain) ? parse_double(plain) : std::nullopt;
    return number ? real_scalar(*number) : YamlScalar{};
  }
  std::string buffer;
  if (text.find('_') != std::string_view::npos) {
    buffer = without_underscores(text);
    text = buffer;
  }
  if (const auto integer = resolve_integer(text, 0)) return *integer;
  if (is_float_text(text)) {
    if (const auto number = parse_double(text)) return real_scalar(*number);
  }
  // A sign behind the prefix is read as well.
  if (text.starts_with("0b")) {
    if (const auto integer = resolve_integer(text.substr(2), 2)) return *integer;
  }
  return {};
}

// The forms that Go's YAML reader takes for !!timestamp, "2001-2-3" with or without
// "T1:02:03.4Z", "t1:02:03+01:00" or " 1:02:03.4".
bool is_timestamp(std::string_view text) {
  const auto number = [&text](std::size_t least, std::size_t most) -> std::optional<int> {
    std::size_t count = 0;
    int value = 0;
    while (count < text.size() && count < most && is_digit(text[count])) {
      value = value * 10 + (text[count++] - '0');
    }
    if (count < least) return std::nullopt;
    text.remove_prefix(count);
    return value;
  };
  const auto take = [&text](char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  };
  const auto year = number(4, 4);
  if (!year || !take('-')) return false;
  const auto month = number(1, 2);
  if (!month || *month < 1 || *month > 12 || !take('-')) return false;
  const auto day = number(1, 2);
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  constexpr std::array<int, 12> k_days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int days = k_days[static_cast<std::size_t>(*month - 1)] + (*month == 2 && leap ? 1 : 0);
  if (!day || *day < 1 || *day > days) return false;
  if (text.empty()) return true;
  const bool zoned = text.front() == 'T' || text.front() == 't';
  if (!zoned && text.front() != ' ') return false;
  text.remove_prefix(1);
  const auto hour = number(1, 2);
  if (!hour || *hour > 23 || !take(':')) return false;
  const auto minute = number(1, 2);
  if (!minute || *minute > 59 || !take(':')) return false;
  const auto second = number(1, 2);
  if (!second || *second > 59) return false;
  if (text.size() > 1 && (text.front() == '.' || text.front() == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  if (!zoned) return text.empty();
  if (text == "Z") return true;
  if (!take('+') && !take('-')) return false;
  const auto zone_hour = number(2, 2);
  if (!zone_hour || *zone_hour > 24 || !take(':')) return false;
  const auto zone_minute = number(2, 2);
  return zone_minute && *zone_minute <= 60 && text.empty();
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string symbols;
  for (const char c : text) {
    if (c != '\n' && c != '\r') symbols += c;
  }
  if (symbols.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < symbols.size() && symbols[symbols.size() - 1 - padding] == '=') {
    ++padding;
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : std::string_view(symbols).substr(0, symbols.size() - padding)) {
    const int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::null: return "null";
    case Type::boolean: return "a boolean";
    case Type::integer:
    case Type::large_integer: return "an integer";
    case Type::real: return "a float";
    case Type::string: return "a string";
  }
  return "";
}

// The scalar that a text is under an explicit tag. Tags that YAML does not define leave
// a string. No message repeats a value: it may be a token, and its place tells which.
Result<YamlScalar> resolve_tagged(std::string_view text, std::string_view tag) {
  if (!tag.starts_with(k_tag_prefix)) return YamlScalar{};
  const std::string_view name = tag.substr(k_tag_prefix.size());
  const YamlScalar found = text.empty() ? null_scalar() : resolve_plain(text);
  const auto mismatch = [&] {
    return fail(ErrorCode::invalid_input,
                "this is " + std::string(type_name(found.type)) + ", not a !!" + std::string(name));
  };
  if (name == "bool") return found.type == Type::boolean ? Result<YamlScalar>(found) : mismatch();
  if (name == "null") return found.type == Type::null ? Result<YamlScalar>(found) : mismatch();
  if (name == "int") {
    const bool integer = found.type == Type::integer || found.type == Type::large_integer;
    return integer ? Result<YamlScalar>(found) : mismatch();
  }
  if (name == "float") {
    if (found.type == Type::integer) return real_scalar(static_cast<double>(found.integer));
    return found.type == Type::real ? Result<YamlScalar>(found) : mismatch();
  }
  if (name == "timestamp" && !is_timestamp(text)) return mismatch();
  return YamlScalar{};
}

// Go's FormatFloat(number, 'g', -1, 32), which names the members of float keys.
std::string float_key(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  if (std::abs(number) > static_cast<double>(std::numeric_limits<float>::max())) {
    return number > 0 ? ".inf" : "-.inf";
  }
  return float_text(number);
}

Result<YamlScalar> resolve(std::string_view text, YamlStyle style, std::string_view tag) {
  if (!tag.empty()) return resolve_tagged(text, tag);
  if (style == YamlStyle::quoted) return YamlScalar{};
  if (text.empty()) return null_scalar();
  return resolve_plain(text);
}

Result<std::string> string_text(std::string_view text, std::string_view tag) {
  if (tag.substr(0, k_tag_prefix.size()) != k_tag_prefix ||
      tag.substr(k_tag_prefix.size()) != "binary") {
    return std::string(text);
  }
  const auto bytes = decode_base64(text);
  if (!bytes) return fail(ErrorCode::invalid_input, "a !!binary value that is no base64");
  return valid_utf8(*bytes);
}

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool is_sexagesimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  const auto first = text.find_first_not_of("0123456789_");
  if (first == std::string_view::npos || text[first] != ':') return false;
  text.remove_prefix(first);
  while (text.starts_with(':')) {
    text.remove_prefix(1);
    const auto count = std::min(text.find_first_not_of("0123456789"), text.size());
    if (count == 0 || count > 2 || (count == 2 && text.front() > '5')) return false;
    text.remove_prefix(count);
  }
  if (text.starts_with('.')) text.remove_prefix(1);
  return text.find_first_not_of("0123456789_") == std::string_view::npos;
}

}  // namespace

YamlScalar resolve_plain(std::string_view text) {
  if (text.empty()) return null_scalar();
  if (!may_be_typed(text)) return {};
  if (const auto word = resolve_word(text)) return *word;
  const char first = text.front();
  if (is_digit(first) || first == '.' || first == '+' || first == '-') return resolve_number(text);
  return {};
}

Result<Json> scalar_value(std::string_view text, YamlStyle style, std::string_view tag) {
  KAI_TRY_ASSIGN(const YamlScalar scalar, resolve(text, style, tag));
  switch (scalar.type) {
    case Type::null: return Json();
    case Type::boolean: return Json(scalar.boolean);
    case Type::integer: return Json(scalar.integer);
    // Go reads the digits again, as a float: they do not fit in its int64.
    case Type::large_integer: return number_value(static_cast<double>(scalar.large_integer));
    case Type::real:
      if (!std::isfinite(scalar.real)) {
        return fail(ErrorCode::invalid_input, "this is a number that JSON does not have");
      }
      return number_value(scalar.real);
    case Type::string: break;
  }
  KAI_TRY_ASSIGN(std::string value, string_text(text, tag));
  return Json(std::move(value));
}

Result<std::string> scalar_key(std::string_view text, YamlStyle style, std::string_view tag) {
  KAI_TRY_ASSIGN(const YamlScalar scalar, resolve(text, style, tag));
  switch (scalar.type) {
    case Type::null: return fail(ErrorCode::invalid_input, "a map key must not be null");
    case Type::boolean: return std::string(scalar.boolean ? "true" : "false");
    case Type::integer: return std::to_string(scalar.integer);
    case Type::large_integer:
      return fail(ErrorCode::invalid_input,
                  "the map key " + std::string(text) + " is too large; put it in quotes");
    case Type::real: return float_key(scalar.real);
    case Type::string: break;
  }
  return string_text(text, tag);
}

bool looks_typed(std::string_view text) {
  return resolve_plain(text).type != Type::string || is_sexagesimal(text) || text == "=" ||
         text == "<<";
}

}  // namespace kai::model
