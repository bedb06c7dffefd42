#include <kai/audit/facts/reader.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

namespace kai::audit {
namespace {

using model::Json;

bool has_prefix(const Json& named, std::string_view prefix) {
  return model::string_at(named, {"name"}).starts_with(prefix);
}

// The token volume that the API server adds has a random name in each pod.
constexpr std::string_view k_token_volume = "kube-api-access-";
constexpr std::string_view k_visible_devices = "NVIDIA_VISIBLE_DEVICES";

// Members that differ between the replicas of a workload, or that nothing here reads.
bool ignored_in_spec(std::string_view key) {
  static constexpr std::array<std::string_view, 12> k_keys = {
      "containers",       "initContainers", "ephemeralContainers", "volumes",
      "nodeName",         "hostname",       "subdomain",           "hostAliases",
      "imagePullSecrets", "dnsConfig",      "resourceClaims",      "affinity"};
  return std::find(k_keys.begin(), k_keys.end(), key) != k_keys.end();
}

bool ignored_in_container(std::string_view key) {
  static constexpr std::array<std::string_view, 13> k_keys = {"env",
                                                              "envFrom",
                                                              "args",
                                                              "command",
                                                              "volumeMounts",
                                                              "livenessProbe",
                                                              "readinessProbe",
                                                              "startupProbe",
                                                              "lifecycle",
                                                              "terminationMessagePath",
                                                              "terminationMessagePolicy",
                                                              "imagePullPolicy",
                                                              "workingDir"};
  return std::find(k_keys.begin(), k_keys.end(), key) != k_keys.end();
}

// Of probes and hooks only whom they call: another host than the pod is what Pod Security
// looks at.
void digest_hosts(Digest& digest, const Json& container) {
  each_handler_host(container, [&](std::string_view host, const FieldPath& path) {
    digest.add(host);
    digest.add(std::string_view(path.pointer()));
  });
}

void digest_containers(Digest& digest, const Json& list) {
  digest.add(list.size());
  for (const Json& container : list) {
    if (!container.is_object()) continue;
    digest_hosts(digest, container);
    for (const auto& [key, value] : container.get_ref<const Json::object_t&>()) {
      if (ignored_in_container(key)) continue;
      digest.add(std::string_view(key));
      digest.add(value);
    }
    std::size_t index = 0;
    for (const Json& variable : array_at(container, {"env"})) {
      if (model::string_at(variable, {"name"}) == k_visible_devices) {
        digest.add(index);
        digest.add(variable);
      }
      ++index;
    }
    for (const Json& mount : array_at(container, {"volumeMounts"})) {
      if (!has_prefix(mount, k_token_volume)) {
        digest.add(model::string_at(mount, {"name"}));
        digest.add(model::string_at(mount, {"mountPath"}));
      }
    }
  }
}

}  // namespace

const Json& array_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json k_none = Json::array();
  const Json* const found = model::find_path(object, path);
  return found != nullptr && found->is_array() ? *found : k_none;
}

void Digest::add(std::uint64_t value) {
  a = (a ^ value) * 0x9E3779B97F4A7C15ULL;
  a ^= a >> 32U;
  b = (b + value) * 0xC2B2AE3D27D4EB4FULL;
  b ^= b >> 29U;
}

void Digest::add(std::string_view text) {
  add(text.size());
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof(word));
    add(word);
    text.remove_prefix(sizeof(word));
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  add(word);
}

void Digest::add(const Json& value) {
  add(static_cast<std::uint64_t>(value.type()));
  switch (value.type()) {
    case Json::value_t::object:
      for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
        add(std::string_view(key));
        add(member);
      }
      add(std::uint64_t{1});
      break;
    case Json::value_t::array:
      for (const Json& element : value) add(element);
      add(std::uint64_t{2});
      break;
    case Json::value_t::string: add(std::string_view(value.get_ref<const std::string&>())); break;
    case Json::value_t::boolean:
      add(value.get<bool>() ? std::uint64_t{3} : std::uint64_t{4});
      break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      add(static_cast<std::uint64_t>(value.get<std::int64_t>()));
      break;
    case Json::value_t::number_float: add(std::hash<double>{}(value.get<double>())); break;
    default: break;
  }
}

const PodTemplate* TemplateReader::read(const Json& spec, const Json* metadata,
                                        PlacedBy placed_by) {
  static const Json k_empty = Json::object();
  const Json& source = spec.is_object() ? spec : k_empty;
  Digest digest;
  for (const auto& [key, value] : source.get_ref<const Json::object_t&>()) {
    if (ignored_in_spec(key)) continue;
    digest.add(std::string_view(key));
    digest.add(value);
  }
  if (placed_by == PlacedBy::scheduler) {
    if (const Json* affinity = model::find_path(source, {"affinity"})) digest.add(*affinity);
  }
  for (const Json& volume : array_at(source, {"volumes"})) {
    if (!volume.is_object() || has_prefix(volume, k_token_volume)) continue;
    digest.add(model::string_at(volume, {"name"}));
    digest.add(model::string_at(volume, {"emptyDir", "medium"}, "-"));
    // Of the others only the type is told apart; claims and secrets may be a pod's own.
    for (const auto& [key, value] : volume.get_ref<const Json::object_t&>()) {
      if (key != "name") digest.add(std::string_view(key));
    }
  }
  digest_containers(digest, array_at(source, {"initContainers"}));
  digest_containers(digest, array_at(source, {"containers"}));
  for (const Json& container : array_at(source, {"ephemeralContainers"})) {
    if (const Json* context = model::find_path(container, {"securityContext"})) {
      digest.add(*context);
    }
  }
  each_app_armor_annotation(metadata, [&](std::string_view key, std::string_view value) {
    digest.add(key);
    digest.add(value);
  });

  const auto known = m_known.find(digest);
  if (known != m_known.end()) return known->second;
  const PodTemplate* const built = &m_templates.emplace_back(build(source, metadata, placed_by));
  m_known.emplace(digest, built);
  return built;
}

PodTemplate TemplateReader::build(const Json& spec, const Json* metadata, PlacedBy placed_by) {
  PodTemplate result;
  std::vector<std::string> memory_volumes;
  std::vector<std::string> host_volumes;
  for (const Json& volume : array_at(spec, {"volumes"})) {
    const std::string_view name = model::string_at(volume, {"name"});
    if (model::string_at(volume, {"emptyDir", "medium"}) == "Memory") {
      memory_volumes.emplace_back(name);
    } else if (model::find_path(volume, {"hostPath"}) != nullptr) {
      host_volumes.emplace_back(name);
    }
  }
  for (const bool init : {true, false}) {
    std::size_t index = 0;
    for (const Json& json : array_at(spec, {init ? "initContainers" : "containers"})) {
      Container made = container(json, index++, memory_volumes, host_volumes);
      made.init = init;
      made.sidecar = init && model::string_at(json, {"restartPolicy"}) == "Always";
      read_memory_lock(spec, json, made);
      result.containers.push_back(std::move(made));
    }
  }
  result.placement = model::Placement::from_pod_spec(spec);
  result.placement.node_name.clear();
  if (placed_by == PlacedBy::daemon_set) result.placement.node_affinity.reset();
  result.requests = model::effective_requests(spec);
  for (const auto& [name, quantity] : result.requests) {
    if (model::is_gpu_resource(name) && !quantity.is_zero()) {
      result.gpus.push_back({m_texts.intern(name), quantity});
    }
  }
  result.service_account = m_texts.intern(model::string_at(spec, {"serviceAccountName"}));
  result.priority_class = m_texts.intern(model::string_at(spec, {"priorityClassName"}));
  result.pod_level = read_amounts(model::find_path(spec, {"resources", "requests"}), m_texts);
  for (const Amount& limit :
       read_amounts(model::find_path(spec, {"resources", "limits"}), m_texts)) {
    if (amount_of(result.pod_level, limit.resource).is_zero()) result.pod_level.push_back(limit);
  }
  const Json* const anti_affinity = model::find_path(spec, {"affinity", "podAntiAffinity"});
  result.spreads = !array_at(spec, {"topologySpreadConstraints"}).empty() ||
                   (anti_affinity != nullptr && !anti_affinity->empty());
  result.host_network = model::bool_at(spec, {"hostNetwork"});
  result.host_pid = model::bool_at(spec, {"hostPID"});
  result.host_ipc = model::bool_at(spec, {"hostIPC"});
  result.security = read_pod_security(spec, metadata, m_texts);
  return result;
}

Container TemplateReader::container(const Json& json, std::size_t index,
                                    const std::vector<std::string>& memory_volumes,
                                    const std::vector<std::string>& host_volumes) {
  Container result;
  result.index = static_cast<std::uint16_t>(index);
  result.name = m_texts.intern(model::string_at(json, {"name"}));
  result.image = m_texts.intern(model::string_at(json, {"image"}));
  result.requests = read_amounts(model::find_path(json, {"resources", "requests"}), m_texts);
  result.limits = read_amounts(model::find_path(json, {"resources", "limits"}), m_texts);
  result.has_claims = !array_at(json, {"resources", "claims"}).empty();
  result.privileged = model::bool_at(json, {"securityContext", "privileged"});
  std::size_t variable_index = 0;
  for (const Json& variable : array_at(json, {"env"})) {
    if (model::string_at(variable, {"name"}) == k_visible_devices) {
      const Json* const value = model::find_path(variable, {"value"});
      if (value != nullptr && value->is_string()) {
        result.visible_devices = m_texts.intern(value->get_ref<const std::string&>());
        result.visible_devices_index = static_cast<std::uint16_t>(variable_index);
      }
    }
    ++variable_index;
  }
  const auto contains = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Json& mount : array_at(json, {"volumeMounts"})) {
    const std::string_view path = model::string_at(mount, {"mountPath"});
    if (path != "/dev/shm" && path != "/dev/shm/") continue;
    const std::string_view volume = model::string_at(mount, {"name"});
    result.shm = contains(memory_volumes, volume) ? Shm::memory
                 : contains(host_volumes, volume) ? Shm::host
                                                  : Shm::disk;
  }
  return result;
}

void TemplateReader::read_memory_lock(const Json& spec, const Json& json, Container& container) {
  const Json* const context = model::find_path(json, {"securityContext"});
  const Json* const capabilities =
      context == nullptr ? nullptr : model::find_path(*context, {"capabilities"});
  container.capabilities = context == nullptr        ? CapabilityList::no_context
                           : capabilities == nullptr ? CapabilityList::no_capabilities
                           : array_at(*capabilities, {"add"}).empty() ? CapabilityList::no_list
                                                                      : CapabilityList::present;
  bool granted = container.privileged;
  if (capabilities != nullptr) {
    for (const Json& added : array_at(*capabilities, {"add"})) {
      granted |= added == "IPC_LOCK" || added == "CAP_IPC_LOCK" || added == "ALL";
    }
  }
  if (!granted) return;
  const Json& of_pod = spec;
  const auto setting = [&](std::string_view name) {
    const Json* const own = context == nullptr ? nullptr : model::find_path(*context, {name});
    return own != nullptr ? own : model::find_path(of_pod, {"securityContext", name});
  };
  const Json* const user = setting("runAsUser");
  const Json* const non_root = setting("runAsNonRoot");
  const bool is_user = user != nullptr && user->is_number_integer();
  const bool not_root =
      is_user ? user->get<std::int64_t>() != 0 : non_root != nullptr && *non_root == Json(true);
  container.memory_lock = not_root ? MemoryLock::inert : MemoryLock::granted;
}

Amounts read_amounts(const Json* amounts, TextStore& texts) {
  Amounts result;
  if (amounts == nullptr) return result;
  for (const auto& [name, quantity] : model::resources_from_json(*amounts)) {
    result.push_back({texts.intern(name), quantity});
  }
  return result;
}

}  // namespace kai::audit
