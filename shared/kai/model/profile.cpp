#include <kai/model/profile.hpp>

#include <kai/model/names.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <span>
#include <tuple>

namespace kai::model {

namespace {

enum class Type {
  text,  // a string
  integer,
  boolean,
  fields,    // a map with the keys of `fields`
  map,       // a map with keys of its own: labels, quotas
  text_map,  // … whose values are strings
  list,      // a list of maps with the keys of `fields`
  text_list,
  nodes,  // names, or {selector: …}
};

struct Field {
  std::string_view key;
  Type type = Type::text;
  std::span<const Field> fields{};
};

constexpr Field k_metadata[] = {{"name", Type::text}};

constexpr Field k_node_selector[] = {{"selector", Type::text}};

constexpr Field k_gpu[] = {
    {"nodes", Type::nodes, k_node_selector},
    {"labels", Type::text_map},
    {"taint", Type::text},
    {"stack", Type::text},
    {"timeSlicing", Type::integer},
    {"mps", Type::integer},
    {"migStrategy", Type::text},
};

constexpr Field k_network[] = {
    {"isolate", Type::boolean}, {"dns", Type::boolean}, {"allowFrom", Type::text_list}};

constexpr Field k_subject[] = {
    {"kind", Type::text}, {"name", Type::text}, {"namespace", Type::text}};

constexpr Field k_role[] = {{"name", Type::text}, {"subjects", Type::list, k_subject}};

constexpr Field k_namespace[] = {
    {"name", Type::text},    {"podSecurity", Type::text},          {"quota", Type::map},
    {"defaults", Type::map}, {"network", Type::fields, k_network}, {"roles", Type::list, k_role},
};

constexpr Field k_priority_class[] = {
    {"name", Type::text},
    {"value", Type::integer},
    {"description", Type::text},
    {"globalDefault", Type::boolean},
    {"preemptionPolicy", Type::text},
};

constexpr Field k_backup[] = {{"provider", Type::text},
                              {"bucket", Type::text},
                              {"endpoint", Type::text},
                              {"schedule", Type::text},
                              {"ttl", Type::text}};

constexpr Field k_kubeflow[] = {{"source", Type::text}, {"version", Type::text}};

constexpr Field k_host[] = {{"os", Type::text},
                            {"runtime", Type::text},
                            {"kubernetes", Type::text},
                            {"reserved", Type::map}};

constexpr Field k_spec[] = {
    {"gpu", Type::fields, k_gpu},
    {"namespaces", Type::list, k_namespace},
    {"priorityClasses", Type::list, k_priority_class},
    {"backup", Type::fields, k_backup},
    {"kubeflow", Type::fields, k_kubeflow},
    {"host", Type::fields, k_host},
};

constexpr Field k_profile[] = {{"apiVersion", Type::text},
                               {"kind", Type::text},
                               {"metadata", Type::fields, k_metadata},
                               {"spec", Type::fields, k_spec}};

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

class Checker {
 public:
  Checker(const PositionMap& positions, std::string_view file)
      : m_positions(positions), m_file(file) {}

  void check_fields(const Json& value, std::span<const Field> fields, const std::string& at,
                    const std::string& name) {
    if (!value.is_object()) return wrong_type(value, "a map", at, name);
    for (const auto& [key, member] : value.items()) {
      const Field* known = nullptr;
      for (const Field& field : fields) {
        if (field.key == key) known = &field;
      }
      const std::string where = pointer(at, key);
      const std::string full_name = name.empty() ? key : name + "." + key;
      if (known == nullptr) {
        unknown_key(key, fields, where, name);
      } else {
        check(member, *known, where, full_name);
      }
    }
  }

  void problem(const std::string& at, std::string message) {
    m_problems.emplace_back(location(at), std::move(message));
  }

  // The problems as one error, at the place of the first in the file.
  Result<> result() {
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

 private:
  void check(const Json& value, const Field& field, const std::string& at,
             const std::string& name) {
    switch (field.type) {
      case Type::text:
        if (!value.is_string()) wrong_type(value, "a string", at, name);
        break;
      case Type::integer:
        if (!value.is_number_integer()) wrong_type(value, "a whole number", at, name);
        break;
      case Type::boolean:
        if (!value.is_boolean()) wrong_type(value, "true or false", at, name);
        break;
      case Type::fields: check_fields(value, field.fields, at, name); break;
      case Type::map:
        if (!value.is_object()) wrong_type(value, "a map", at, name);
        break;
      case Type::text_map: check_text_map(value, at, name); break;
      case Type::list:
      case Type::text_list: check_list(value, field, at, name); break;
      case Type::nodes:
        if (value.is_object()) {
          check_fields(value, field.fields, at, name);
        } else {
          check_list(value, {field.key, Type::text_list}, at, name);
        }
        break;
    }
  }

  void check_text_map(const Json& value, const std::string& at, const std::string& name) {
    if (!value.is_object()) return wrong_type(value, "a map", at, name);
    for (const auto& [key, member] : value.items()) {
      if (!member.is_string()) wrong_type(member, "a string", pointer(at, key), name + "." + key);
    }
  }

  void check_list(const Json& value, const Field& field, const std::string& at,
                  const std::string& name) {
    if (!value.is_array()) return wrong_type(value, "a list", at, name);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string where = pointer(at, std::to_string(i));
      const std::string item = name + "[" + std::to_string(i) + "]";
      if (field.type == Type::list) {
        check_fields(value.at(i), field.fields, where, item);
      } else if (!value.at(i).is_string()) {
        wrong_type(value.at(i), "a string", where, item);
      }
    }
  }

  void wrong_type(const Json& value, std::string_view wanted, const std::string& at,
                  const std::string& name) {
    std::string message = name.empty() ? "the profile" : name;
    message += " must be " + std::string(wanted) + ", not " + std::string(type_name(value));
    if (wanted == "a string" && (value.is_boolean() || value.is_number())) {
      message += ": put " + value.dump() + " in quotes";
    }
    problem(at, std::move(message));
  }

  void unknown_key(const std::string& key, std::span<const Field> fields, const std::string& at,
                   const std::string& parent) {
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

  [[nodiscard]] Location location(const std::string& at) const {
    const auto found = m_positions.find(at);
    Location where = found == m_positions.end() ? Location{} : found->second;
    where.file = m_file;
    return where;
  }

  const PositionMap& m_positions;
  std::string m_file;
  std::vector<std::pair<Location, std::string>> m_problems;
};

std::optional<std::string> text_of(const Json& object,
                                   std::initializer_list<std::string_view> path) {
  const Json* found = find_path(object, path);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::int64_t> integer_of(const Json& object,
                                       std::initializer_list<std::string_view> path) {
  const Json* found = find_path(object, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

GpuProfile gpu_profile(const Json& section) {
  GpuProfile gpu;
  if (const Json* nodes = find_path(section, {"nodes"}); nodes != nullptr && nodes->is_array()) {
    for (const Json& name : *nodes) {
      if (name.is_string()) gpu.nodes.push_back(name.get<std::string>());
    }
  }
  gpu.selector = text_of(section, {"nodes", "selector"});
  if (const Json* labels = find_path(section, {"labels"});
      labels != nullptr && labels->is_object()) {
    gpu.labels.emplace();
    for (const auto& [key, value] : labels->items()) {
      if (value.is_string()) gpu.labels->emplace(key, value.get<std::string>());
    }
  }
  gpu.taint = text_of(section, {"taint"});
  gpu.stack = text_of(section, {"stack"});
  gpu.time_slicing = integer_of(section, {"timeSlicing"});
  gpu.mps = integer_of(section, {"mps"});
  gpu.mig_strategy = text_of(section, {"migStrategy"});
  return gpu;
}

}  // namespace

Result<Profile> parse_profile(std::string_view text, std::string_view file) {
  YamlOptions options;
  options.file = file;
  options.positions = Positions::record;
  KAI_TRY_ASSIGN(const YamlDocument document, parse_yaml(text, options));
  const Json& root = document.value;

  Checker checker(document.positions, file);
  checker.check_fields(root, k_profile, "", "");
  if (root.is_object()) {
    const std::string_view version = string_at(root, {"apiVersion"});
    const std::string_view kind = string_at(root, {"kind"});
    if (version != k_profile_api_version) {
      checker.problem("/apiVersion", "apiVersion must be " + std::string(k_profile_api_version));
    }
    if (kind != k_profile_kind) {
      checker.problem("/kind", "kind must be " + std::string(k_profile_kind));
    }
  }
  KAI_TRY(checker.result());

  Profile profile;
  profile.name = string_at(root, {"metadata", "name"});
  if (const Json* section = find_path(root, {"spec", "gpu"})) profile.gpu = gpu_profile(*section);
  return profile;
}

}  // namespace kai::model
