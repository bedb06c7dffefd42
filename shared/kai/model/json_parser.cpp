#include <kai/model/json_parser.hpp>
#include <kai/model/number.hpp>
#include <kai/model/utf8.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace kai::model {
namespace {

unsigned char byte(char character) {
  return static_cast<unsigned char>(character);
}

// Bytes that end the plain part of a string: quote, backslash, control, non-ASCII.
constexpr auto k_string_stop = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = i < 0x20 || i >= 0x80 || i == '"' || i == '\\';
  return table;
}();

// Bytes that skip_value() has to look at.
constexpr auto k_skip_stop = [] {
  std::array<bool, 256> table{};
  for (const char stop : {'"', '{', '}', '[', ']', ','}) {
    table[static_cast<unsigned char>(stop)] = true;
  }
  return table;
}();

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

// A character as an error message may show it.
std::string shown(char character) {
  if (byte(character) < 0x20 || byte(character) >= 0x7F) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    return std::string("byte 0x") + k_hex[byte(character) >> 4] + k_hex[byte(character) & 15];
  }
  return std::string("'") + character + "'";
}

}  // namespace

Location location_in(std::string_view text, std::size_t offset) {
  Location location{"", 1, 1};
  for (const char character : text.substr(0, offset)) {
    if (character == '\n') {
      ++location.line;
      location.column = 1;
    } else if ((byte(character) & 0xC0) != 0x80) {  // continuation bytes are no characters
      ++location.column;
    }
  }
  return location;
}

Error JsonParser::error() const {
  const std::string_view text(m_begin, static_cast<std::size_t>(m_end - m_begin));
  return Error(ErrorCode::invalid_input, m_failure).at(location_in(text, offset()));
}

bool JsonParser::fail(std::string_view what) {
  if (m_failure.empty()) m_failure = "malformed JSON: " + std::string(what);
  return false;
}

bool JsonParser::fail_expected(std::string_view what) {
  if (m_at == m_end) return fail("the text ends where " + std::string(what) + " should follow");
  return fail("expected " + std::string(what) + ", found " + shown(*m_at));
}

void JsonParser::skip_space() {
  while (m_at != m_end && (*m_at == ' ' || *m_at == '\n' || *m_at == '\t' || *m_at == '\r')) ++m_at;
}

bool JsonParser::accept(char character) {
  skip_space();
  if (m_at == m_end || *m_at != character) return false;
  ++m_at;
  return true;
}

bool JsonParser::expect(char character, std::string_view what) {
  return accept(character) || fail_expected(what);
}

bool JsonParser::at_end() {
  skip_space();
  return m_at == m_end;
}

bool JsonParser::expect_end() {
  return at_end() || fail_expected("the end of the document");
}

bool JsonParser::read_value(Json& out, int depth, Leave leave) {
  return value(out, depth, leave == Leave::managed_fields_v1_out ? Place::object : Place::other);
}

bool JsonParser::value(Json& out, int depth, Place place) {
  skip_space();
  if (m_at == m_end) return fail_expected("a value");
  switch (*m_at) {
    case '{': return object(out, depth + 1, place);
    case '[': return array(out, depth + 1, place);
    case '"': {
      ++m_at;
      out = std::string();
      return string_rest(out.get_ref<std::string&>());
    }
    case 't': out = true; return literal("true");
    case 'f': out = false; return literal("false");
    case 'n': return literal("null");
    default: return number(out);
  }
}

bool JsonParser::object(Json& out, int depth, Place place) {
  if (depth > k_max_depth) {
    return fail("nested deeper than " + std::to_string(k_max_depth) + " levels");
  }
  ++m_at;
  out = Json::object();
  if (accept('}')) return true;
  auto& members = out.get_ref<Json::object_t&>();
  do {
    std::string key;
    if (!read_string(key) || !expect(':', "':'")) return false;
    Place inner = Place::other;
    if (place == Place::object && key == "metadata") {
      inner = Place::metadata;
    } else if (place == Place::metadata && key == "managedFields") {
      inner = Place::managed_fields;
    } else if (place == Place::managed_entry && key == "fieldsV1") {
      if (!skip_value()) return false;
      continue;
    }
    const auto [member, fresh] = members.try_emplace(std::move(key));
    if (!fresh) {
      m_duplicate = true;
      member->second = nullptr;
    }
    if (!value(member->second, depth, inner)) return false;
  } while (accept(','));
  return expect('}', "',' or '}'");
}

bool JsonParser::array(Json& out, int depth, Place place) {
  if (depth > k_max_depth) {
    return fail("nested deeper than " + std::to_string(k_max_depth) + " levels");
  }
  ++m_at;
  out = Json::array();
  if (accept(']')) return true;
  const Place inner = place == Place::managed_fields ? Place::managed_entry : Place::other;
  auto& elements = out.get_ref<Json::array_t&>();
  do {
    if (!value(elements.emplace_back(), depth, inner)) return false;
  } while (accept(','));
  return expect(']', "',' or ']'");
}

bool JsonParser::literal(std::string_view word) {
  const auto left = static_cast<std::size_t>(m_end - m_at);
  if (left < word.size() || std::memcmp(m_at, word.data(), word.size()) != 0) {
    return fail_expected("a value");
  }
  m_at += word.size();
  return true;
}

bool JsonParser::number(Json& out) {
  const char* const start = m_at;
  const char* at = m_at;
  const auto digits = [&] {
    const char* const first = at;
    while (at != m_end && is_digit(*at)) ++at;
    return at != first;
  };
  if (*at == '-') ++at;
  const char* const first_digit = at;
  if (!digits()) return fail_expected("a value");
  if (*first_digit == '0' && at - first_digit > 1) return fail("a number with a leading zero");
  bool whole = true;
  if (at != m_end && *at == '.') {
    whole = false;
    ++at;
    if (!digits()) {
      m_at = at;
      return fail_expected("a digit");
    }
  }
  if (at != m_end && (*at == 'e' || *at == 'E')) {
    whole = false;
    ++at;
    if (at != m_end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) {
      m_at = at;
      return fail_expected("a digit");
    }
  }
  if (whole) {
    std::int64_t integer = 0;
    if (std::from_chars(start, at, integer).ec == std::errc()) {
      out = integer;
      m_at = at;
      return true;
    }
  }
  const auto real = parse_double({start, static_cast<std::size_t>(at - start)});
  if (!real) return fail("a number out of range");
  out = number_value(*real);
  m_at = at;
  return true;
}

bool JsonParser::read_string(std::string& out) {
  if (!expect('"', "a string")) return false;
  return string_rest(out);
}

bool JsonParser::string_rest(std::string& out) {
  const char* start = m_at;
  while (true) {
    while (m_at != m_end && !k_string_stop[byte(*m_at)]) ++m_at;
    if (m_at == m_end) return fail("a string without its closing quote");
    if (*m_at == '"') {
      out.append(start, m_at);
      ++m_at;
      return true;
    }
    if (*m_at == '\\') {
      out.append(start, m_at);
      if (!escape(out)) return false;
      start = m_at;
    } else if (byte(*m_at) < 0x20) {
      return fail("a control character inside a string");
    } else if (!utf8_sequence()) {
      return fail("text that is not UTF-8");
    }
  }
}

bool JsonParser::utf8_sequence() {
  const std::size_t size = utf8_size({m_at, static_cast<std::size_t>(m_end - m_at)});
  m_at += size;
  return size > 0;
}

bool JsonParser::hex4(std::uint32_t& unit) {
  if (m_end - m_at < 4) return fail("an incomplete \\u escape");
  const auto parsed = std::from_chars(m_at, m_at + 4, unit, 16);
  if (parsed.ec != std::errc() || parsed.ptr != m_at + 4) return fail("a malformed \\u escape");
  m_at += 4;
  return true;
}

bool JsonParser::escape(std::string& out) {
  ++m_at;
  if (m_at == m_end) return fail("a string without its closing quote");
  switch (*m_at++) {
    case '"': out += '"'; return true;
    case '\\': out += '\\'; return true;
    case '/': out += '/'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': break;
    default: --m_at; return fail("an unknown escape \\" + std::string(1, *m_at));
  }
  constexpr std::uint32_t k_replacement = 0xFFFD;
  std::uint32_t code = 0;
  if (!hex4(code)) return false;
  if (code >= 0xD800 && code <= 0xDBFF && m_end - m_at >= 6 && m_at[0] == '\\' && m_at[1] == 'u') {
    const char* const before = m_at;
    m_at += 2;
    std::uint32_t low = 0;
    if (!hex4(low)) return false;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else {
      m_at = before;  // no pair: the second escape speaks for itself
    }
  }
  if (code >= 0xD800 && code <= 0xDFFF) code = k_replacement;
  append_utf8(out, code);
  return true;
}

bool JsonParser::skip_string_rest() {
  while (true) {
    const auto left = static_cast<std::size_t>(m_end - m_at);
    const auto* const quote = static_cast<const char*>(std::memchr(m_at, '"', left));
    if (quote == nullptr) {
      m_at = m_end;
      return fail("a string without its closing quote");
    }
    const char* slash = quote;
    while (slash != m_at && slash[-1] == '\\') --slash;
    m_at = quote + 1;
    if ((quote - slash) % 2 == 0) return true;
  }
}

bool JsonParser::skip_value() {
  skip_space();
  if (m_at == m_end || *m_at == ',' || *m_at == '}' || *m_at == ']') {
    return fail_expected("a value");
  }
  std::size_t open = 0;
  while (true) {
    while (m_at != m_end && !k_skip_stop[byte(*m_at)]) ++m_at;
    if (m_at == m_end) return open == 0 || fail_expected("a closing bracket");
    switch (*m_at) {
      case '"':
        ++m_at;
        if (!skip_string_rest()) return false;
        break;
      case '{':
      case '[':
        ++open;
        ++m_at;
        break;
      case ',':
        if (open == 0) return true;
        ++m_at;
        break;
      default:
        if (open == 0) return true;
        --open;
        ++m_at;
    }
    if (open == 0 && (m_at[-1] == '"' || m_at[-1] == '}' || m_at[-1] == ']')) return true;
  }
}

}  // namespace kai::model
