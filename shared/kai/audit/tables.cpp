#include <kai/audit/tables.hpp>

#include <kai/audit/facts/time.hpp>
#include <kai/model/manifests.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
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

std::string_view image_tag(std::string_view image) {
  const std::size_t at = image_repository(image).size();
  image = image.substr(0, image.find('@'));
  return at < image.size() ? image.substr(at + 1) : std::string_view();
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

ImageVersion ImageVersion::parse(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  ImageVersion version;
  const char* at = tag.data();
  const char* const end = tag.data() + tag.size();
  while (at != end) {
    int number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 0) break;
    version.numbers.push_back(number);
    at = rest;
    if (at == end || *at != '.') break;
    ++at;
  }
  // One number may be anything: a build, or the beginning of a hash.
  if (version.numbers.size() < 2) version.numbers.clear();
  return version;
}

bool ImageVersion::older_than(const ImageVersion& other) const {
  const std::size_t length = std::max(numbers.size(), other.numbers.size());
  for (std::size_t i = 0; i < length; ++i) {
    const int mine = i < numbers.size() ? numbers[i] : 0;
    const int theirs = i < other.numbers.size() ? other.numbers[i] : 0;
    if (mine != theirs) return mine < theirs;
  }
  return false;
}

const GpuStack& GpuStack::get() {
  static const GpuStack k_table;
  return k_table;
}

GpuStack::GpuStack() {
  const Json table = load("audit-data/gpu-stack.yaml");
  const auto text = [](const Json& row, std::string_view key) {
    return std::string(model::string_at(row, {key}));
  };
  m_device_plugins = strings_at(table, "devicePlugins");
  m_not_device_plugins = strings_at(table, "notDevicePlugins");
  m_dra_drivers = strings_at(table, "draDrivers");
  m_exporters = strings_at(table, "exporters");
  for (const Json& row : list_at(table, "stale")) {
    m_stale.push_back({text(row, "image"), text(row, "not"), text(row, "oldest"),
                       text(row, "current"), strings_at(row, "older")});
  }
  for (const Json& row : list_at(table, "vulnerabilities")) {
    m_vulnerabilities.push_back({text(row, "cve"), text(row, "image"), text(row, "fixed")});
  }
  for (const Json& row : list_at(table, "cudaDrivers")) {
    m_cuda_drivers.emplace_back(static_cast<int>(model::int_at(row, {"cuda"})),
                                static_cast<int>(model::int_at(row, {"driver"})));
  }
}

bool GpuStack::is_device_plugin(std::string_view image, std::string_view container) const {
  const auto in_name = [&](const std::string& part) {
    return container.find(part) != std::string_view::npos;
  };
  return any_image_matches(m_device_plugins, image) &&
         std::none_of(m_not_device_plugins.begin(), m_not_device_plugins.end(), in_name);
}

bool GpuStack::is_dra_driver(std::string_view image) const {
  return std::any_of(m_dra_drivers.begin(), m_dra_drivers.end(), [&](const std::string& part) {
    return image.find(part) != std::string_view::npos;
  });
}

bool GpuStack::is_exporter(std::string_view image) const {
  return any_image_matches(m_exporters, image);
}

const GpuStack::Stale* GpuStack::stale(std::string_view image) const {
  const std::string_view repository = image_repository(image);
  const std::string_view tag = image_tag(image);
  for (const Stale& row : m_stale) {
    if (!image_matches(row.image, repository) ||
        repository.find(row.unless) != std::string_view::npos) {
      continue;
    }
    std::string_view number = tag;
    if (number.starts_with('v')) number.remove_prefix(1);
    const bool of_old = std::any_of(row.older.begin(), row.older.end(), [&](std::string_view old) {
      // "1.1" is no beginning of "1.11".
      return number.starts_with(old) && (number.size() == old.size() || number[old.size()] < '0' ||
                                         number[old.size()] > '9' || old.back() > '9');
    });
    const ImageVersion version = ImageVersion::parse(tag);
    if (of_old || (version.known() && version.older_than(ImageVersion::parse(row.oldest)))) {
      return &row;
    }
  }
  return nullptr;
}

std::vector<const GpuStack::Vulnerability*> GpuStack::vulnerabilities(
    std::string_view image) const {
  std::vector<const Vulnerability*> found;
  const std::string_view repository = image_repository(image);
  const ImageVersion version = ImageVersion::parse(image_tag(image));
  if (!version.known()) return found;
  for (const Vulnerability& row : m_vulnerabilities) {
    if (image_matches(row.image, repository) &&
        version.older_than(ImageVersion::parse(row.fixed))) {
      found.push_back(&row);
    }
  }
  return found;
}

int GpuStack::least_driver(int cuda) const {
  for (const auto& [major, driver] : m_cuda_drivers) {
    if (major == cuda) return driver;
  }
  return 0;
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

const RuntimeTable& RuntimeTable::get() {
  static const RuntimeTable k_table;
  return k_table;
}

RuntimeTable::RuntimeTable() {
  const Json table = load("audit-data/runtimes.yaml");
  const auto text = [](const Json& row, std::string_view key) {
    return std::string(model::string_at(row, {key}));
  };
  for (const Json& row : list_at(table, "endOfLife")) {
    const std::string date = text(row, "date");
    m_ends.push_back({text(row, "runtime"), KubeVersion::parse(text(row, "version")), date,
                      parse_time(date + "T23:59:59Z")});
  }
  for (const Json& row : list_at(table, "needed")) {
    m_needs.push_back({KubeVersion::parse(text(row, "kubernetes")), text(row, "runtime"),
                       KubeVersion::parse(text(row, "version"))});
  }
}

const RuntimeTable::EndOfLife* RuntimeTable::end_of_life(std::string_view runtime,
                                                         KubeVersion version) const {
  const auto found = std::find_if(m_ends.begin(), m_ends.end(), [&](const EndOfLife& row) {
    return row.runtime == runtime && row.version == version;
  });
  return found == m_ends.end() ? nullptr : &*found;
}

std::optional<KubeVersion> RuntimeTable::needed(std::string_view runtime,
                                                KubeVersion kubernetes) const {
  std::optional<KubeVersion> oldest;
  for (const Need& need : m_needs) {
    if (need.runtime != runtime || kubernetes < need.kubernetes) continue;
    if (!oldest || need.version > *oldest) oldest = need.version;
  }
  return oldest;
}

const OtherTools& OtherTools::get() {
  static const OtherTools k_table;
  return k_table;
}

OtherTools::OtherTools() {
  const Json table = load("audit-data/other-tools.yaml");
  m_backup = strings_at(table, "backupImages");
  m_service_monitors = strings_at(table, "serviceMonitorImages");
}

bool OtherTools::is_backup(std::string_view image) const {
  return any_image_matches(m_backup, image);
}

bool OtherTools::reads_service_monitors(std::string_view image) const {
  return any_image_matches(m_service_monitors, image);
}

}  // namespace kai::audit
