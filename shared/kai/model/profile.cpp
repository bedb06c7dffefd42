#include <kai/model/profile.hpp>

#include <kai/model/field_checker.hpp>
#include <kai/model/yaml.hpp>

namespace kai::model {

namespace {

using Type = FieldType;

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

  FieldChecker checker(document.positions, file, "the profile");
  checker.check_fields(root, k_profile);
  checker.check_type(root, k_profile_api_version, k_profile_kind);
  KAI_TRY(checker.result());

  Profile profile;
  profile.name = string_at(root, {"metadata", "name"});
  if (const Json* section = find_path(root, {"spec", "gpu"})) profile.gpu = gpu_profile(*section);
  return profile;
}

}  // namespace kai::model
