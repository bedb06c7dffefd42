#include <kai/model/json.hpp>

#include <kai/model/json_parser.hpp>

#include <cmath>

namespace kai::model {

Result<Json> parse_json(std::string_view text) {
  JsonParser parser(text);
  Json document;
  if (!parser.read_value(document, 0) || !parser.expect_end()) return fail(parser.error());
  return document;
}

const Json* find_path(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto& members = at->get_ref<const Json::object_t&>();
    const auto member = members.find(key);
    if (member == members.end()) return nullptr;
    at = &member->second;
  }
  return at;
}

std::string_view string_at(const Json& object, std::initializer_list<std::string_view> path,
                           std::string_view otherwise) {
  const Json* const found = find_path(object, path);
  if (found == nullptr || !found->is_string()) return otherwise;
  return found->get_ref<const std::string&>();
}

bool bool_at(const Json& object, std::initializer_list<std::string_view> path, bool otherwise) {
  const Json* const found = find_path(object, path);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::int64_t int_at(const Json& object, std::initializer_list<std::string_view> path,
                    std::int64_t otherwise) {
  const Json* const found = find_path(object, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

}  // namespace kai::model
