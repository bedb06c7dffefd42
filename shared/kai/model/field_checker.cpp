#include <kai/model/field_checker.hpp>

#include <kai/model/names.hpp>

#include <algorithm>
#include <tuple>

namespace kai::model {

namespace {

std::string_view type_name(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_boolean()) return "a boolean";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "a map";
}

}  // namespace

std::string member_name(const std::string& parent, std::string_view key) {
  std::string name = parent;
  if (!name.empty()) name += '.';
  return name += key;
}

std::string member_pointer(const std::string& parent, std::string_view key) {
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

void FieldChecker::check_fields(const Json& value, std::span<const Field> fields,
                                const std::string& at, const std::string& name) {
  if (!value.is_object()) return wrong_type(value, "a map", at, name);
  for (const auto& [key, member] : value.items()) {
    const Field* known = nullptr;
    for (const Field& field : fields) {
      if (field.key == key) known = &field;
    }
    const std::string where = member_pointer(at, key);
    const std::string full_name = member_name(name, key);
    if (known == nullptr) {
      unknown_key(key, fields, where, name);
    } else {
      check(member, *known, where, full_name);
    }
  }
}

void FieldChecker::problem(const std::string& at, std::string message) {
  m_problems.push_back({location(at), std::move(message)});
}

std::vector<FieldProblem> FieldChecker::problems() const {
  std::vector<FieldProblem> sorted = m_problems;
  std::stable_sort(sorted.begin(), sorted.end(), [](const FieldProblem& a, const FieldProblem& b) {
    return std::tie(a.location.line, a.location.column) <
           std::tie(b.location.line, b.location.column);
  });
  return sorted;
}

Result<> FieldChecker::result() const {
  if (m_problems.empty()) return {};
  return fail(as_error(problems()));
}

Error as_error(const std::vector<FieldProblem>& problems) {
  Error error(ErrorCode::invalid_input, problems.front().message);
  for (std::size_t i = 1; i < problems.size(); ++i) {
    error.causes.push_back({{}, problems[i].location.to_string(), problems[i].message});
  }
  return std::move(error).at(problems.front().location);
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
    case FieldType::text_or_fields:
      if (!value.is_string() && !value.is_object()) {
        wrong_type(value, "a string or a map", at, name);
      } else if (value.is_object()) {
        check_fields(value, field.fields, at, name);
      }
      break;
    case FieldType::any: break;
    case FieldType::list:
    case FieldType::mixed_list:
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
    if (!member.is_string())
      wrong_type(member, "a string", member_pointer(at, key), member_name(name, key));
  }
}

void FieldChecker::check_list(const Json& value, const Field& field, const std::string& at,
                              const std::string& name) {
  if (!value.is_array()) return wrong_type(value, "a list", at, name);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string where = member_pointer(at, std::to_string(i));
    const std::string item = name + "[" + std::to_string(i) + "]";
    if (field.type == FieldType::mixed_list) {
      check(value.at(i), {field.key, FieldType::text_or_fields, field.fields}, where, item);
    } else if (field.type == FieldType::list) {
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
  if (wanted.starts_with("a string") && (value.is_boolean() || value.is_number())) {
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
