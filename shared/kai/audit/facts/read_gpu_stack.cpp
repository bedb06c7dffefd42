#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

using model::Json;

// No configuration of a device plugin is longer; ConfigMaps may be a megabyte.
constexpr std::size_t k_longest = 64UL * 1024;

constexpr std::array<std::string_view, 2> k_strategies = {"timeSlicing", "mps"};
// Keys that belong beside `resources`, and those that belong into each of them.
constexpr std::array<std::string_view, 2> k_of_strategy = {"renameByDefault",
                                                           "failRequestsGreaterThanOne"};
constexpr std::array<std::string_view, 4> k_of_resource = {"replicas", "name", "rename", "devices"};

bool mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool has(const Json& object, std::string_view key) {
  return model::find_path(object, {key}) != nullptr;
}

void find_strays(const Json& parsed, SharingConfig& config) {
  static const Json k_none = Json::object();
  const Json* const found = model::find_path(parsed, {"sharing"});
  const Json& sharing = found != nullptr ? *found : k_none;
  const std::string strategy = config.strategy.empty() ? "timeSlicing" : config.strategy;
  const std::string home = "sharing." + strategy;
  const auto stray = [&](const Json& object, const std::string& prefix, std::string_view key,
                         const std::string& belongs) {
    if (has(object, key)) config.strays.push_back({prefix + std::string(key), belongs});
  };
  for (const std::string_view key : k_strategies) {
    stray(parsed, "", key, "sharing." + std::string(key));
    if (const Json* flags = model::find_path(parsed, {"flags"})) {
      stray(*flags, "flags.", key, "sharing." + std::string(key));
    }
  }
  for (const std::string_view key : k_of_strategy) {
    stray(parsed, "", key, home);
    stray(sharing, "sharing.", key, home);
  }
  stray(sharing, "sharing.", "resources", home);
  stray(parsed, "", "replicas", home + ".resources[]");
  stray(sharing, "sharing.", "replicas", home + ".resources[]");
  const Json* const body = model::find_path(sharing, {strategy});
  if (body == nullptr) return;
  for (const std::string_view key : k_of_resource) {
    stray(*body, home + ".", key, home + ".resources[]");
  }
  std::size_t index = 0;
  for (const Json& resource : array_at(*body, {"resources"})) {
    const std::string at = home + ".resources[" + std::to_string(index++) + "].";
    for (const std::string_view key : k_of_strategy) stray(resource, at, key, home);
  }
}

constexpr std::string_view k_version = "version: v1";

bool mentions_sharing(std::string_view text) {
  // "timestamps:" is no mention of MPS.
  return mentions(text, "timeSlicing") || mentions(text, " mps:") || mentions(text, "\nmps:") ||
         mentions(text, "{mps:") || mentions(text, "\"mps\"");
}

// nullopt unless it is about sharing GPUs.
std::optional<SharingConfig> read_entry(std::string_view text) {
  if (!mentions_sharing(text)) return {};
  const auto document = model::parse_yaml(text);
  if (!document || !document->value.is_object()) return {};
  const Json& parsed = document->value;
  SharingConfig config;
  for (const std::string_view key : k_strategies) {
    const Json* const body = model::find_path(parsed, {"sharing", key});
    if (body == nullptr || !body->is_object()) continue;
    config.strategy = key;
    config.one_each = key == "mps" || model::bool_at(*body, {"failRequestsGreaterThanOne"});
    const bool renamed = model::bool_at(*body, {"renameByDefault"});
    config.resources.clear();
    for (const Json& json : array_at(*body, {"resources"})) {
      SharingConfig::Resource resource;
      resource.name = model::string_at(json, {"name"});
      resource.advertised = model::string_at(json, {"rename"});
      if (resource.advertised.empty()) {
        resource.advertised = resource.name + (renamed ? ".shared" : "");
      }
      if (const Json* replicas = model::find_path(json, {"replicas"});
          replicas != nullptr && replicas->is_number_integer()) {
        resource.replicas = std::max<std::int64_t>(replicas->get<std::int64_t>(), 0);
      }
      config.resources.push_back(std::move(resource));
    }
  }
  find_strays(parsed, config);
  if (config.strategy.empty() && config.strays.empty()) return {};
  // Other programs have time slices, too.
  const bool is_ours =
      model::string_at(parsed, {"version"}) == "v1" || mentions(text, "nvidia.com/");
  return is_ours ? std::optional(std::move(config)) : std::nullopt;
}

}  // namespace

bool may_be_plugin_config(std::string_view text) {
  return text.size() <= k_longest && (mentions_sharing(text) || text.starts_with(k_version));
}

void read_sharing(const Json& object, const Head& head, std::vector<SharingConfig>& configs) {
  const Json* const data = model::find_path(object, {"data"});
  if (data == nullptr || !data->is_object()) return;
  const std::size_t before = configs.size();
  bool others = false;
  for (const auto& [key, value] : data->get_ref<const Json::object_t&>()) {
    if (!value.is_string()) continue;
    const std::string_view text = value.get_ref<const std::string&>();
    if (!may_be_plugin_config(text)) continue;
    auto config = read_entry(text);
    if (!config) {
      others = others || text.starts_with(k_version);
      continue;
    }
    config->object = head.ref();
    config->origin = head.origin;
    config->entry = key;
    configs.push_back(*std::move(config));
  }
  // Nodes may choose an entry that shares nothing.
  if (others && configs.size() > before) {
    SharingConfig whole;
    whole.object = head.ref();
    whole.origin = head.origin;
    configs.push_back(std::move(whole));
  }
}

Seconds read_gpu_labels_written(const Json& node) {
  static constexpr std::array<std::string_view, 5> k_writers = {
      "gpu-operator", "mig-manager", "mig-parted", "driver-manager", "kubectl"};
  Seconds newest = 0;
  for (const Json& entry : array_at(node, {"metadata", "managedFields"})) {
    if (!model::string_at(entry, {"subresource"}).empty()) continue;
    const std::string_view manager = model::string_at(entry, {"manager"});
    const bool writes = std::any_of(k_writers.begin(), k_writers.end(), [&](std::string_view part) {
      return manager.find(part) != std::string_view::npos;
    });
    if (writes) newest = std::max(newest, parse_time(model::string_at(entry, {"time"})));
  }
  return newest;
}

}  // namespace kai::audit
