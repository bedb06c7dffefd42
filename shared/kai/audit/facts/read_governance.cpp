#include <kai/audit/facts/reader.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

namespace kai::audit {
namespace {

using model::Json;

void add_keys(const Json& item, std::string_view member, TextStore& texts,
              std::vector<Text>& keys) {
  const Json* const amounts = model::find_path(item, {member});
  if (amounts == nullptr || !amounts->is_object()) return;
  for (const auto& [key, amount] : amounts->get_ref<const Json::object_t&>()) {
    keys.push_back(texts.intern(key));
  }
}

bool has(const std::vector<Text>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

LimitRange read_limit_range(const Json& object, const Head& head, TextStore& texts) {
  LimitRange range{head, {}, {}};
  for (const Json& item : array_at(object, {"spec", "limits"})) {
    if (model::string_at(item, {"type"}) != "Container") continue;
    for (const std::string_view member : {"default", "max"}) {
      add_keys(item, member, texts, range.limits);
    }
    for (const std::string_view member : {"defaultRequest", "default", "max", "min"}) {
      add_keys(item, member, texts, range.requests);
    }
  }
  return range;
}

PriorityClass read_priority_class(const Json& object, const Head& head) {
  return {head, model::int_at(object, {"value"}), model::bool_at(object, {"globalDefault"})};
}

// The resource that a metric of the pods' own is about; empty for any other metric.
std::string_view pod_resource(const Json& metric) {
  const std::string_view type = model::string_at(metric, {"type"});
  if (type == "Resource") return model::string_at(metric, {"resource", "name"});
  if (type == "ContainerResource") return model::string_at(metric, {"containerResource", "name"});
  return {};
}

Autoscaler read_autoscaler(const Json& object, const Head& head, TextStore& texts) {
  Autoscaler scaler;
  scaler.head = head;
  scaler.target_kind = texts.intern(model::string_at(object, {"spec", "scaleTargetRef", "kind"}));
  scaler.target_name = texts.intern(model::string_at(object, {"spec", "scaleTargetRef", "name"}));
  const FieldPath spec = FieldPath() / "spec";
  std::size_t index = 0;
  for (const Json& metric : array_at(object, {"spec", "metrics"})) {
    const FieldPath path = spec / "metrics" / index++;
    const std::string_view resource = pod_resource(metric);
    if (!resource.empty()) scaler.on_resources = true;
    if (resource == "cpu") {
      if (!scaler.on_cpu) scaler.cpu = path;
      scaler.on_cpu = true;
    } else if (resource != "memory") {
      scaler.on_others = true;
    }
  }
  // autoscaling/v1 has a field for the CPU, and other metrics in an annotation.
  constexpr std::string_view k_target = "targetCPUUtilizationPercentage";
  const Json* const annotations = model::find_path(object, {"metadata", "annotations"});
  if (annotations != nullptr &&
      model::find_path(*annotations, {"autoscaling.alpha.kubernetes.io/metrics"}) != nullptr) {
    scaler.on_others = true;
  }
  if (model::find_path(object, {"spec", k_target}) != nullptr) {
    scaler.on_cpu = true;
    scaler.cpu = spec / k_target;
  } else if (index == 0 && !scaler.on_others) {
    // Without any metric the API server takes 80 % of the CPU.
    scaler.on_cpu = true;
    scaler.cpu = spec;
  }
  if (scaler.on_cpu) scaler.on_resources = true;
  return scaler;
}

KubeflowProfile read_kubeflow_profile(const Json& object, const Head& head) {
  const Json* const hard = model::find_path(object, {"spec", "resourceQuotaSpec", "hard"});
  return {head, hard != nullptr && hard->is_object() && !hard->empty()};
}

constexpr std::string_view k_passwords = "staticPasswords";

// The users of dex's own in a text of a ConfigMap; none when it is no configuration of dex's.
void each_static_login(
    std::string_view text,
    const std::function<void(std::string_view user, std::string_view hash)>& visit) {
  if (text.find(k_passwords) == std::string_view::npos) return;
  const auto configuration = model::parse_yaml(text);
  if (!configuration) return;
  // Nobody gets in by a password where dex does not ask for one.
  const Json* const enabled = model::find_path(configuration->value, {"enablePasswordDB"});
  if (enabled != nullptr && *enabled == Json(false)) return;
  for (const Json& login : array_at(configuration->value, {k_passwords})) {
    visit(model::string_at(login, {"email"}), model::string_at(login, {"hash"}));
  }
}

void read_static_logins(const Json& object, const Head& head, std::vector<StaticLogin>& logins) {
  const Json* const data = model::find_path(object, {"data"});
  if (data == nullptr || !data->is_object()) return;
  for (const auto& [key, value] : data->get_ref<const Json::object_t&>()) {
    if (!value.is_string()) continue;
    const FieldPath path = FieldPath() / "data" / std::string_view(key);
    each_static_login(value.get_ref<const std::string&>(),
                      [&](std::string_view user, std::string_view hash) {
                        logins.push_back({head, path, std::string(user), std::string(hash)});
                      });
  }
}

template <class T>
void sort_by_name(std::vector<T>& list) {
  std::stable_sort(list.begin(), list.end(), [](const T& a, const T& b) {
    return std::tuple(a.head.ns.view(), a.head.name.view()) <
           std::tuple(b.head.ns.view(), b.head.name.view());
  });
}

}  // namespace

void read_governance(Kind kind, const Json& object, const Head& head, Facts& facts) {
  Governance& governance = facts.governance;
  switch (kind) {
    case Kind::limit_range:
      governance.limit_ranges.push_back(read_limit_range(object, head, facts.texts));
      break;
    case Kind::priority_class:
      governance.priority_classes.push_back(read_priority_class(object, head));
      break;
    case Kind::horizontal_pod_autoscaler:
      governance.autoscalers.push_back(read_autoscaler(object, head, facts.texts));
      break;
    case Kind::kubeflow_profile:
      governance.kubeflow_profiles.push_back(read_kubeflow_profile(object, head));
      break;
    case Kind::config_map: read_static_logins(object, head, governance.static_logins); break;
    default: break;
  }
}

void link_governance(Facts& facts) {
  Governance& governance = facts.governance;
  sort_by_name(governance.limit_ranges);
  sort_by_name(governance.priority_classes);
  sort_by_name(governance.autoscalers);
  sort_by_name(governance.kubeflow_profiles);
  sort_by_name(governance.static_logins);
  if (governance.autoscalers.empty()) return;
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> targets;
  for (const Workload& workload : facts.workloads) {
    targets.emplace(workload.head.kind, workload.head.ns, workload.head.name);
  }
  for (Autoscaler& scaler : governance.autoscalers) {
    scaler.target_read = targets.contains({scaler.target_kind, scaler.head.ns, scaler.target_name});
  }
}

std::string keep_shipped_logins(std::string_view configuration,
                                const std::function<std::string(std::string_view)>& rename) {
  const KubeflowTable& table = KubeflowTable::get();
  Json logins = Json::array();
  each_static_login(configuration, [&](std::string_view user, std::string_view hash) {
    const bool known_hash = table.is_shipped_hash(hash);
    if (!known_hash && !table.is_shipped_user(user)) return;
    Json login = {{"email", rename(user)}};
    if (!hash.empty()) login["hash"] = known_hash ? hash : "another";
    logins.push_back(std::move(login));
  });
  if (logins.empty()) return {};
  return model::to_json(Json{{k_passwords, std::move(logins)}});
}

bool Governance::defaults_request(std::string_view ns, std::string_view resource) const {
  return std::any_of(limit_ranges.begin(), limit_ranges.end(), [&](const LimitRange& range) {
    return range.head.ns == ns && has(range.requests, resource);
  });
}

bool Governance::defaults_limit(std::string_view ns, std::string_view resource) const {
  return std::any_of(limit_ranges.begin(), limit_ranges.end(), [&](const LimitRange& range) {
    return range.head.ns == ns && has(range.limits, resource);
  });
}

const PriorityClass* Governance::global_default() const {
  // Of several, the API server takes the one with the lowest value.
  const PriorityClass* lowest = nullptr;
  for (const PriorityClass& found : priority_classes) {
    if (found.global_default && (lowest == nullptr || found.value < lowest->value)) {
      lowest = &found;
    }
  }
  return lowest;
}

const PriorityClass* Governance::find_priority_class(std::string_view name) const {
  const auto found =
      std::find_if(priority_classes.begin(), priority_classes.end(),
                   [&](const PriorityClass& entry) { return entry.head.name == name; });
  return found == priority_classes.end() ? nullptr : &*found;
}

}  // namespace kai::audit
