#include <kai/audit/security_table.hpp>

#include <kai/audit/tables.hpp>
#include <kai/model/manifests.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;

const Json& list_at(const Json& object, std::string_view key) {
  static const Json k_none = Json::array();
  const Json* const found = model::find_path(object, {key});
  return found != nullptr && found->is_array() ? *found : k_none;
}

std::vector<std::string> strings_at(const Json& object, std::string_view key) {
  std::vector<std::string> strings;
  for (const Json& value : list_at(object, key)) {
    if (value.is_string()) strings.push_back(value.get<std::string>());
  }
  return strings;
}

// A pattern is the end of a repository, in whole steps.
bool image_matches(std::string_view pattern, std::string_view repository) {
  return repository == pattern || (repository.ends_with(pattern) &&
                                   repository[repository.size() - pattern.size() - 1] == '/');
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view image) {
  const std::string_view repository = image_repository(image);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return image_matches(pattern, repository);
  });
}

}  // namespace

const SecurityTable& SecurityTable::get() {
  static const SecurityTable k_table;
  return k_table;
}

SecurityTable::SecurityTable() {
  Json table = Json::object();
  for (const model::Manifest& manifest : model::embedded_manifests()) {
    if (manifest.path != std::string_view("audit-data/security.yaml")) continue;
    if (auto document = model::parse_yaml(manifest.text)) table = std::move(document->value);
  }
  const auto text = [](const Json& row, std::string_view key) {
    return std::string(model::string_at(row, {key}));
  };
  m_namespaces = strings_at(table, "infrastructureNamespaces");
  m_host_images = strings_at(table, "hostImages");
  m_enforcing = strings_at(table, "policyEnforcers");
  for (const Json& row : list_at(table, "pluginsWithoutPolicies")) {
    m_ignoring.push_back({text(row, "name"), strings_at(row, "images")});
  }
  for (const Json& row : list_at(table, "debugPods")) {
    m_debug_pods.push_back({text(row, "tool"), text(row, "namePrefix"), text(row, "label"),
                            model::bool_at(row, {"hostPID"})});
  }
}

bool SecurityTable::is_infrastructure_namespace(std::string_view name) const {
  return std::find(m_namespaces.begin(), m_namespaces.end(), name) != m_namespaces.end();
}

bool SecurityTable::is_host_image(std::string_view image) const {
  return any_matches(m_host_images, image);
}

bool SecurityTable::enforces_policies(std::string_view image) const {
  return any_matches(m_enforcing, image);
}

std::string_view SecurityTable::ignores_policies(std::string_view image) const {
  const auto found = std::find_if(m_ignoring.begin(), m_ignoring.end(), [&](const Plugin& plugin) {
    return any_matches(plugin.images, image);
  });
  return found == m_ignoring.end() ? std::string_view() : found->name;
}

}  // namespace kai::audit
