// What a YAML scalar means to kubectl: sigs.k8s.io/yaml over go.yaml.in/yaml/v2
// (resolve.go). YAML 1.1 with Go's integer syntax, without sexagesimal numbers, and
// with timestamps left as strings. Internal to the layer. Pure functions.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kai::model {

struct YamlScalar {
  enum class Type { null, boolean, integer, large_integer, real, string };
  Type type = Type::string;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t large_integer = 0;  // beyond int64
  double real = 0;
};

// How a scalar stands in the text. Plain ones are typed by what they look like.
enum class YamlStyle { plain, quoted };

// The first characters that typed scalars have: signs, digits, a point, and those of the
// words. Everything else is a string at once, which most scalars are.
inline constexpr auto k_typed_first = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("+-.0123456789yYnNtTfFoO~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();
inline bool may_be_typed(std::string_view plain) {
  return plain.empty() || k_typed_first[static_cast<unsigned char>(plain.front())];
}

// The type of an untagged plain scalar. A string keeps its text.
YamlScalar resolve_plain(std::string_view text);

// The JSON value of a scalar; `tag` is empty, or a resolved tag
// ("tag:yaml.org,2002:int", "!local"). Errors without a location: a text that its tag
// does not allow, a number that JSON does not have.
Result<Json> scalar_value(std::string_view text, YamlStyle style, std::string_view tag);

// The member name that a scalar gives as a map's key. Null has none.
Result<std::string> scalar_key(std::string_view text, YamlStyle style, std::string_view tag);

// Whether YAML 1.1 readers would take the text, written plain, for something other than
// this string (with the numbers to base 60 and the "=" that kubectl does not know).
bool looks_typed(std::string_view text);

}  // namespace kai::model
