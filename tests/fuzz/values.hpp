// Properties of the values that both readers of the codec make.
#pragma once

#include "property.hpp"

#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace kai::fuzz {

inline int depth_of(const model::Json& value) {
  int deepest = 0;
  if (value.is_structured()) {
    for (const model::Json& inner : value) deepest = std::max(deepest, depth_of(inner));
    ++deepest;
  }
  return deepest;
}

// Written as JSON and as YAML it reads back as the same, and is then written the same.
inline void hold_round_trips(const model::Json& value) {
  hold(depth_of(value) <= model::k_max_depth, "no value is deeper than the bound");
  const std::string json = model::to_json(value);
  const auto from_json = model::parse_json(json);
  hold(from_json.has_value(), "what to_json() writes can be read", json);
  hold(*from_json == value, "to_json() writes the value", json);
  hold(model::to_json(*from_json) == json, "JSON is written the same again", json);
  const std::string yaml = model::to_yaml(value);
  const auto from_yaml = model::parse_yaml(yaml);
  hold(from_yaml.has_value(), "what to_yaml() writes can be read", yaml);
  hold(from_yaml->value == value, "to_yaml() writes the value", yaml);
  hold(model::to_json(from_yaml->value) == json, "YAML and JSON say the same", yaml);
  hold(model::to_yaml(from_yaml->value) == yaml, "YAML is written the same again", yaml);
}

// An error says what is wrong, and points into the text.
inline void hold_error_points_into(const Error& error, std::string_view text) {
  hold(error.code == ErrorCode::invalid_input, "bad input is invalid_input", error.to_string());
  hold(!error.message.empty(), "an error has a message");
  hold(error.location.has_value(), "an error has a place", error.message);
  const auto breaks = std::count_if(text.begin(), text.end(), [](char c) {
    // Besides its line feeds, libyaml counts carriage returns, and the breaks of Unicode.
    return c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 0x80;
  });
  hold(error.location->line >= 1 && error.location->line <= breaks + 2,
       "an error's line is one of the text's", error.to_string());
}

}  // namespace kai::fuzz
