#include <kai/model/field_checker.hpp>

#include <kai/model/names.hpp>

#include <algorithm>
#include <tuple>

namespace kai::model {

namespace {

std::string member_of(const std::string& parent, const std::string& key) {
  std::string name = parent;
  if (!name.empty()) name += '.';
  return name += key;
}

// RFC 6901: how positions are keyed.
std::string pointer(const std::string& parent, std::string_view key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return parent + "/" + escaped;
}

std::string_view type_name(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_boolean()) return "a boolean";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "a map";
}

}  // namespace

void FieldChecker::check_fields(const Json& value, std::span<const Field> fields,
                                const std::string& at, const std::string& name) {
  if (!value.is_object()) return wrong_type(value, "a map", at, name);
  for (const auto& [key, member] : value.items()) {
    const Field* known = nullptr;
    for (const Field& field : fields) {
      if (field.key == key) known = &field;
    }
    const std::string where = pointer(at, key);
    const std::string full_name = member_of(name, key);
    if (known == nullptr) {
      unknown_key(key, fields, where, name);
    } else {
      check(member, *known, where, full_name);
    }
  }
}

void FieldChecker::problem(const std::string& at, std::string message) {
  m_problems.emplace_back(location(at), std::move(message));
}

Result<> FieldChecker::result() {
  if (m_problems.empty()) return {};
  std::stable_sort(m_problems.begin(), m_problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.line, a.first.column) < std::tie(b.first.line, b.first.column);
  });
  Error error(ErrorCode::invalid_input, m_problems.front().second);
  for (std::size_t i = 1; i < m_problems.size(); ++i) {
    error.message += "; " + m_problems[i].first.to_string() + ": " + m_problems[i].second;
  }
  return fail(std::move(error).at(m_problems.front().first));
}

void FieldChecker::check(const Json& value, const Field& field, const std::string& at,
                         const std::string& name) {
  switch (field.type) {
    case FieldType::text:
      if (!value.is_string()) wrong_type(value, "a string", at, name);
      break;
    case FieldType::integer:
      if (!value.is_number_integer()) wrong_type(value, "a whole number", at, name);
      break;
    case FieldType::boolean:
      if (!value.is_boolean()) wrong_type(value, "true or false", at, name);
      break;
    case FieldType::fields: check_fields(value, field.fields, at, name); break;
    case FieldType::map:
      if (!value.is_object()) wrong_type(value, "a map", at, name);
      break;
    case FieldType::text_map: check_text_map(value, at, name); break;
    case FieldType::list:
    case FieldType::text_list: check_list(value, field, at, name); break;
    case FieldType::nodes:
      if (value.is_object()) {
        check_fields(value, field.fields, at, name);
      } else {
        check_list(value, {field.key, FieldType::text_list}, at, name);
      }
      break;
  }
}

void FieldChecker::check_text_map(const Json& value, const std::string& at,
                                  const std::string& name) {
  if (!value.is_object()) return wrong_type(value, "a map", at, name);
  for (const auto& [key, member] : value.items()) {
    if (!member.is_string()) wrong_type(member, "a string", pointer(at, key), member_of(name, key));
  }
}

void FieldChecker::check_list(const Json& value, const Field& field, const std::string& at,
                              const std::string& name) {
  if (!value.is_array()) return wrong_type(value, "a list", at, name);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string where = pointer(at, std::to_string(i));
    const std::string item = name + "[" + std::to_string(i) + "]";
    if (field.type == FieldType::list) {
      check_fields(value.at(i), field.fields, where, item);
    } else if (!value.at(i).is_string()) {
      wrong_type(value.at(i), "a string", where, item);
    }
  }
}

void FieldChecker::wrong_type(const Json& value, std::string_view wanted, const std::string& at,
                              const std::string& name) {
  std::string message = name.empty() ? m_whole : name;
  message += " must be " + std::string(wanted) + ", not " + std::string(type_name(value));
  if (wanted == "a string" && (value.is_boolean() || value.is_number())) {
    message += ": put " + value.dump() + " in quotes";
  }
  problem(at, std::move(message));
}

void FieldChecker::unknown_key(const std::string& key, std::span<const Field> fields,
                               const std::string& at, const std::string& parent) {
  std::vector<std::string> known;
  for (const Field& field : fields) known.emplace_back(field.key);
  std::string message = "unknown key \"" + key + "\"";
  if (!parent.empty()) message += " in " + parent;
  if (const auto nearest = nearest_name(key, known)) {
    message += "; did you mean \"" + *nearest + "\"?";
  } else {
    message += "; known are";
    for (std::size_t i = 0; i < known.size(); ++i) message += (i == 0 ? " " : ", ") + known[i];
  }
  problem(at, std::move(message));
}

Location FieldChecker::location(const std::string& at) const {
  const auto found = m_positions.find(at);
  Location where = found == m_positions.end() ? Location{} : found->second;
  where.file = m_file;
  return where;
}

void FieldChecker::check_type(const Json& root, std::string_view api_version,
                              std::string_view kind) {
  if (!root.is_object()) return;
  if (string_at(root, {"apiVersion"}) != api_version) {
    problem("/apiVersion", "apiVersion must be " + std::string(api_version));
  }
  if (string_at(root, {"kind"}) != kind) {
    problem("/kind", "kind must be " + std::string(kind));
  }
}

}  // namespace kai::model
