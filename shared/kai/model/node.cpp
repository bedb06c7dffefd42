#include <kai/model/node.hpp>

#include <kai/model/gpu.hpp>

#include <algorithm>

namespace kai::model {

namespace {

const Json k_nothing = Json::array();

// The array at a path, or an empty one.
const Json& array_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* found = find_path(object, path);
  return found != nullptr && found->is_array() ? *found : k_nothing;
}

std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
  return std::string(string_at(object, path));
}

Labels map_at(const Json& object, std::initializer_list<std::string_view> path,
              std::string_view prefix = {}) {
  Labels result;
  const Json* found = find_path(object, path);
  if (found == nullptr || !found->is_object()) return result;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string() && key.starts_with(prefix)) {
      result.emplace(key, value.get_ref<const std::string&>());
    }
  }
  return result;
}

std::vector<std::string> strings_of(const Json& array) {
  std::vector<std::string> result;
  for (const Json& value : array) {
    if (value.is_string()) result.push_back(value.get<std::string>());
  }
  return result;
}

std::vector<Condition> conditions_of(const Json& object) {
  std::vector<Condition> result;
  for (const Json& condition : array_at(object, {"status", "conditions"})) {
    result.push_back({text_at(condition, {"type"}), text_at(condition, {"status"}),
                      text_at(condition, {"reason"}), text_at(condition, {"message"}),
                      text_at(condition, {"lastTransitionTime"})});
  }
  return result;
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

Resources container_requests(const Json& container) {
  Resources requests;
  if (const Json* limits = find_path(container, {"resources", "limits"})) {
    requests = resources_from_json(*limits);
  }
  if (const Json* stated = find_path(container, {"resources", "requests"})) {
    for (auto& [name, amount] : resources_from_json(*stated))
      requests.insert_or_assign(name, amount);
  }
  return requests;
}

void raise_to(Resources& most, const Resources& other) {
  for (const auto& [name, amount] : other) {
    Quantity& present = most.try_emplace(name, Quantity()).first->second;
    if (present < amount) present = amount;
  }
}

NodeRequirement requirement_from_json(const Json& json) {
  return {text_at(json, {"key"}), text_at(json, {"operator"}),
          strings_of(array_at(json, {"values"}))};
}

}  // namespace

Resources resources_from_json(const Json& amounts) {
  Resources result;
  if (!amounts.is_object()) return result;
  for (const auto& [name, amount] : amounts.items()) {
    // Manifests may say 4 where the API always says "4".
    const auto parsed =
        Quantity::parse(amount.is_string() ? amount.get<std::string>() : amount.dump());
    if (parsed) result.emplace(name, *parsed);
  }
  return result;
}

Quantity amount_of(const Resources& resources, std::string_view name) {
  const auto found = resources.find(name);
  return found == resources.end() ? Quantity() : found->second;
}

void add(Resources& sum, const Resources& more) {
  for (const auto& [name, amount] : more) {
    const auto [entry, inserted] = sum.try_emplace(name, amount);
    if (!inserted) entry->second += amount;
  }
}

Node Node::from_json(const Json& json) {
  Node node;
  node.name = text_at(json, {"metadata", "name"});
  node.uid = text_at(json, {"metadata", "uid"});
  node.resource_version = text_at(json, {"metadata", "resourceVersion"});
  node.labels = map_at(json, {"metadata", "labels"});
  node.annotations = map_at(json, {"metadata", "annotations"}, "kubectl-ai/");
  node.deleting = find_path(json, {"metadata", "deletionTimestamp"}) != nullptr;
  for (const Json& taint : array_at(json, {"spec", "taints"})) {
    node.taints.push_back(Taint::from_json(taint));
  }
  node.unschedulable = bool_at(json, {"spec", "unschedulable"});
  if (const Json* amounts = find_path(json, {"status", "capacity"})) {
    node.capacity = resources_from_json(*amounts);
  }
  if (const Json* amounts = find_path(json, {"status", "allocatable"})) {
    node.allocatable = resources_from_json(*amounts);
  }
  node.conditions = conditions_of(json);
  node.kubelet_version = text_at(json, {"status", "nodeInfo", "kubeletVersion"});
  node.runtime_version = text_at(json, {"status", "nodeInfo", "containerRuntimeVersion"});
  return node;
}

std::string_view Node::label(std::string_view key) const {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

const Condition* Node::condition(std::string_view type) const {
  return find_condition(conditions, type);
}

bool Node::ready() const {
  const Condition* found = condition("Ready");
  return found != nullptr && found->status == "True";
}

std::string NodeRequirement::to_string() const {
  std::string text = key + " " + op;
  if (values.empty()) return text;
  text += " [";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : " ") + values[i];
  return text + "]";
}

NodeSelectorTerm NodeSelectorTerm::from_json(const Json& json) {
  NodeSelectorTerm term;
  for (const Json& requirement : array_at(json, {"matchExpressions"})) {
    term.expressions.push_back(requirement_from_json(requirement));
  }
  for (const Json& requirement : array_at(json, {"matchFields"})) {
    term.fields.push_back(requirement_from_json(requirement));
  }
  return term;
}

Placement Placement::from_pod_spec(const Json& spec) {
  Placement placement;
  placement.node_name = text_at(spec, {"nodeName"});
  placement.scheduler_name = text_at(spec, {"schedulerName"});
  placement.runtime_class = text_at(spec, {"runtimeClassName"});
  placement.node_selector = map_at(spec, {"nodeSelector"});
  if (const Json* required = find_path(
          spec, {"affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"})) {
    placement.node_affinity.emplace();
    for (const Json& term : array_at(*required, {"nodeSelectorTerms"})) {
      placement.node_affinity->push_back(NodeSelectorTerm::from_json(term));
    }
  }
  for (const Json& toleration : array_at(spec, {"tolerations"})) {
    placement.tolerations.push_back(Toleration::from_json(toleration));
  }
  for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
    placement.has_pod_affinity |=
        !array_at(spec, {"affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"})
             .empty();
  }
  for (const Json& constraint : array_at(spec, {"topologySpreadConstraints"})) {
    placement.has_topology_spread |=
        string_at(constraint, {"whenUnsatisfiable"}) == "DoNotSchedule";
  }
  for (const Json& volume : array_at(spec, {"volumes"})) {
    placement.has_volume_claims |= find_path(volume, {"persistentVolumeClaim"}) != nullptr ||
                                   find_path(volume, {"ephemeral"}) != nullptr;
  }
  for (const Json& container : array_at(spec, {"containers"})) {
    for (const Json& port : array_at(container, {"ports"})) {
      placement.has_host_ports |= int_at(port, {"hostPort"}) != 0;
    }
  }
  return placement;
}

Resources effective_requests(const Json& spec) {
  Resources total;
  for (const Json& container : array_at(spec, {"containers"})) {
    add(total, container_requests(container));
  }
  Resources sidecars;
  Resources while_starting;
  for (const Json& container : array_at(spec, {"initContainers"})) {
    Resources own = container_requests(container);
    if (string_at(container, {"restartPolicy"}) == "Always") {
      add(total, own);
      add(sidecars, own);
      raise_to(while_starting, sidecars);
    } else {
      add(own, sidecars);
      raise_to(while_starting, own);
    }
  }
  raise_to(total, while_starting);
  // Pod-level requests exist for CPU, memory and huge pages, and replace the sum. Limits
  // stand in for the requests they leave out.
  for (const std::string_view part : {"limits", "requests"}) {
    const Json* amounts = find_path(spec, {"resources", part});
    if (amounts == nullptr) continue;
    const Json* requests = find_path(spec, {"resources", "requests"});
    for (const auto& [name, amount] : resources_from_json(*amounts)) {
      const bool supported = name == "cpu" || name == "memory" || name.starts_with("hugepages-");
      // A pod-level limit is a request only where no container asked for anything.
      const bool is_default = part == "limits";
      if (!supported || (is_default && (requests != nullptr || total.contains(name)))) continue;
      total.insert_or_assign(name, amount);
    }
  }
  if (const Json* overhead = find_path(spec, {"overhead"}))
    add(total, resources_from_json(*overhead));
  return total;
}

Pod Pod::from_json(const Json& json) {
  Pod pod;
  pod.ns = text_at(json, {"metadata", "namespace"});
  pod.name = text_at(json, {"metadata", "name"});
  pod.uid = text_at(json, {"metadata", "uid"});
  pod.labels = map_at(json, {"metadata", "labels"});
  pod.created = text_at(json, {"metadata", "creationTimestamp"});
  pod.deleting = find_path(json, {"metadata", "deletionTimestamp"}) != nullptr;
  pod.is_static =
      find_path(json, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
  for (const Json& owner : array_at(json, {"metadata", "ownerReferences"})) {
    if (!bool_at(owner, {"controller"})) continue;
    pod.owner_kind = text_at(owner, {"kind"});
    pod.owner_name = text_at(owner, {"name"});
  }
  pod.phase = text_at(json, {"status", "phase"});
  pod.reason = text_at(json, {"status", "reason"});
  pod.message = text_at(json, {"status", "message"});
  pod.conditions = conditions_of(json);
  if (const Json* spec = find_path(json, {"spec"})) {
    pod.placement = Placement::from_pod_spec(*spec);
    pod.requests = effective_requests(*spec);
    pod.priority_class = text_at(*spec, {"priorityClassName"});
    pod.priority = int_at(*spec, {"priority"});
    pod.preemption_policy = text_at(*spec, {"preemptionPolicy"});
    for (const Json& gate : array_at(*spec, {"schedulingGates"})) {
      pod.scheduling_gates.push_back(text_at(gate, {"name"}));
    }
    for (const Json& claim : array_at(*spec, {"resourceClaims"})) {
      pod.resource_claims.push_back(text_at(claim, {"name"}));
    }
  }
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : array_at(json, {"status", list})) {
      ContainerState state;
      state.name = text_at(status, {"name"});
      state.image = text_at(status, {"image"});
      state.ready = bool_at(status, {"ready"});
      state.restarts = static_cast<int>(int_at(status, {"restartCount"}));
      state.waiting_reason = text_at(status, {"state", "waiting", "reason"});
      state.waiting_message = text_at(status, {"state", "waiting", "message"});
      state.terminated = find_path(status, {"state", "terminated"}) != nullptr;
      state.exit_code = static_cast<int>(int_at(status, {"state", "terminated", "exitCode"}));
      state.terminated_reason = text_at(status, {"state", "terminated", "reason"});
      pod.containers.push_back(std::move(state));
    }
  }
  return pod;
}

ObjectRef Pod::ref() const {
  return {"v1", "Pod", ns, name};
}

const Condition* Pod::condition(std::string_view type) const {
  return find_condition(conditions, type);
}

bool Pod::finished() const {
  return phase == "Succeeded" || phase == "Failed";
}

std::int64_t Pod::gpus() const {
  std::int64_t total = 0;
  for (const auto& [resource, amount] : requests) {
    if (is_gpu_resource(resource)) total += amount.value();
  }
  return total;
}

}  // namespace kai::model
