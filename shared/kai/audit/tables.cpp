#include <kai/audit/tables.hpp>

#include <kai/model/manifests.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;

// A table that is missing or broken is a mistake of ours that no user can act on; the
// unit tests read every one of them.
Json load(std::string_view path) {
  for (const model::Manifest& manifest : model::embedded_manifests()) {
    if (manifest.path != path) continue;
    auto document = model::parse_yaml(manifest.text);
    if (document) return std::move(document->value);
  }
  return Json::object();
}

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
  std::sort(strings.begin(), strings.end());
  return strings;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  if (!pattern.ends_with('*')) return pattern == text;
  pattern.remove_suffix(1);
  return text.starts_with(pattern);
}

// "k8s-device-plugin" is the image of that name in any registry; "nvidia/cuda" the
// repository that ends so; "nvcr.io/nvidia/*" whatever begins so.
bool image_matches(std::string_view pattern, std::string_view repository) {
  if (pattern.ends_with('*')) return matches_pattern(pattern, repository);
  return repository == pattern || (repository.ends_with(pattern) &&
                                   repository[repository.size() - pattern.size() - 1] == '/');
}

bool any_image_matches(const std::vector<std::string>& patterns, std::string_view image) {
  const std::string_view repository = image_repository(image);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return image_matches(pattern, repository);
  });
}

}  // namespace

std::string_view image_repository(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    image = image.substr(0, colon);
  }
  return image;
}

const ApiTable& ApiTable::get() {
  static const ApiTable k_table;
  return k_table;
}

ApiTable::ApiTable() {
  const Json table = load("audit-data/apis.yaml");
  m_newest = KubeVersion::parse(model::string_at(table, {"newest"}));
  for (const Json& row : list_at(table, "apis")) {
    const auto text = [&](std::string_view key) {
      return std::string(model::string_at(row, {key}));
    };
    const auto version = [&](std::string_view key) { return KubeVersion::parse(text(key)); };
    for (std::string& kind : strings_at(row, "kinds")) {
      m_rows.push_back({text("apiVersion"), std::move(kind), version("deprecated"),
                        version("removed"), text("replacement"), version("since"), text("note")});
    }
  }
  std::sort(m_rows.begin(), m_rows.end(), [](const ApiLifecycle& a, const ApiLifecycle& b) {
    return std::tie(a.api_version, a.kind) < std::tie(b.api_version, b.kind);
  });
}

const ApiLifecycle* ApiTable::find(std::string_view api_version, std::string_view kind) const {
  const std::pair wanted(api_version, kind);
  const auto found = std::lower_bound(
      m_rows.begin(), m_rows.end(), wanted, [](const ApiLifecycle& row, const auto& want) {
        return std::pair<std::string_view, std::string_view>(row.api_version, row.kind) < want;
      });
  const bool same =
      found != m_rows.end() && found->api_version == api_version && found->kind == kind;
  return same ? &*found : nullptr;
}

const FlagTable& FlagTable::get() {
  static const FlagTable k_table;
  return k_table;
}

FlagTable::FlagTable() {
  const Json table = load("audit-data/control-plane-flags.yaml");
  m_newest_etcd = KubeVersion::parse(model::string_at(table, {"newestEtcd"}));
  m_etcd = strings_at(table, "etcd");
  m_apiserver = strings_at(table, "kubeApiserverOnly");
}

const MetricTable& MetricTable::get() {
  static const MetricTable k_table;
  return k_table;
}

MetricTable::MetricTable() {
  const Json table = load("audit-data/gpu-metrics.yaml");
  const auto text = [](const Json& row, std::string_view key) {
    return std::string(model::string_at(row, {key}));
  };
  for (const Json& row : list_at(table, "families")) {
    m_families.push_back({text(row, "exporter"), text(row, "prefix"), strings_at(row, "names")});
  }
  for (const Json& row : list_at(table, "advice")) {
    m_advice.push_back({text(row, "name"), text(row, "instead")});
  }
}

const MetricAdvice* MetricTable::advice(std::string_view name) const {
  const auto found = std::find_if(m_advice.begin(), m_advice.end(),
                                  [&](const MetricAdvice& advice) { return advice.name == name; });
  return found == m_advice.end() ? nullptr : &*found;
}

const WellKnown& WellKnown::get() {
  static const WellKnown k_table;
  return k_table;
}

WellKnown::WellKnown() {
  const Json table = load("audit-data/well-known.yaml");
  m_system_namespaces = strings_at(table, "systemNamespaces");
  m_gpu_infrastructure = strings_at(table, "gpuInfrastructureImages");
  m_cuda_images = strings_at(table, "cudaImages");
}

const KubeflowTable& KubeflowTable::get() {
  static const KubeflowTable k_table;
  return k_table;
}

KubeflowTable::KubeflowTable() {
  const Json table = load("audit-data/kubeflow.yaml");
  m_users = strings_at(table, "users");
  m_hashes = strings_at(table, "passwordHashes");
}

bool KubeflowTable::is_shipped_user(std::string_view user) const {
  return std::binary_search(m_users.begin(), m_users.end(), user);
}

bool KubeflowTable::is_shipped_hash(std::string_view hash) const {
  return std::binary_search(m_hashes.begin(), m_hashes.end(), hash);
}

bool WellKnown::is_system_namespace(std::string_view name) const {
  return std::any_of(m_system_namespaces.begin(), m_system_namespaces.end(),
                     [&](const std::string& pattern) { return matches_pattern(pattern, name); });
}

bool WellKnown::is_gpu_infrastructure(std::string_view image) const {
  return any_image_matches(m_gpu_infrastructure, image);
}

bool WellKnown::is_cuda_image(std::string_view image) const {
  return any_image_matches(m_cuda_images, image);
}

}  // namespace kai::audit
