#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using model::Json;

Phase phase_of(std::string_view phase) {
  if (phase == "Pending") return Phase::pending;
  if (phase == "Running") return Phase::running;
  if (phase == "Succeeded") return Phase::succeeded;
  if (phase == "Failed") return Phase::failed;
  return Phase::unknown;
}

// Why the first container that waits does so.
std::string_view waiting_reason(const Json& pod) {
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : array_at(pod, {"status", list})) {
      const std::string_view reason = model::string_at(status, {"state", "waiting", "reason"});
      if (!reason.empty()) return reason;
    }
  }
  return {};
}

// The status of the first container that is in a crash loop; nullptr when none is.
const Json* crash_loop(const Json& pod) {
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : array_at(pod, {"status", list})) {
      if (model::string_at(status, {"state", "waiting", "reason"}) == "CrashLoopBackOff") {
        return &status;
      }
    }
  }
  return nullptr;
}

// "train: OOMKilled, exit code 137"
std::string last_end(const Json& status) {
  const Json* const end = model::find_path(status, {"lastState", "terminated"});
  if (end == nullptr) return {};
  const std::string_view reason = model::string_at(*end, {"reason"});
  return std::string(model::string_at(status, {"name"})) + ": " +
         (reason.empty() ? "" : std::string(reason) + ", ") + "exit code " +
         std::to_string(model::int_at(*end, {"exitCode"}));
}

void read_terms(const Json& selector, std::vector<SelectorTerm>& terms) {
  if (const Json* labels = model::find_path(selector, {"matchLabels"});
      labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->get_ref<const Json::object_t&>()) {
      if (!value.is_string()) continue;
      terms.push_back(
          {key, {value.get<std::string>()}, FieldPath() / "matchLabels" / std::string_view(key)});
    }
  }
  std::size_t index = 0;
  for (const Json& expression : array_at(selector, {"matchExpressions"})) {
    const FieldPath path = FieldPath() / "matchExpressions" / index++;
    if (model::string_at(expression, {"operator"}) != "In") continue;
    SelectorTerm term{std::string(model::string_at(expression, {"key"})), {}, path};
    for (const Json& value : array_at(expression, {"values"})) {
      if (value.is_string()) term.values.push_back(value.get<std::string>());
    }
    terms.push_back(std::move(term));
  }
}

// A selector that cannot be read selects nothing: such an object is refused anyway.
model::LabelSelector read_selector(const Json* selector) {
  auto parsed = model::LabelSelector::from_json(selector == nullptr ? Json() : *selector);
  if (!parsed) parsed = model::LabelSelector::from_json(Json());
  return *parsed;
}

NetworkPolicy::Port read_port(const Json& json) {
  NetworkPolicy::Port port;
  port.protocol = model::string_at(json, {"protocol"}, "TCP");
  if (const Json* number = model::find_path(json, {"port"})) {
    if (number->is_number_integer()) {
      port.number = static_cast<int>(model::int_at(json, {"port"}));
    } else if (number->is_string()) {
      port.name = number->get<std::string>();
    }
  }
  if (const auto end = model::int_at(json, {"endPort"}); end > 0) port.end = static_cast<int>(end);
  return port;
}

std::vector<NetworkPolicy::Rule> read_rules(const Json& policy, std::string_view direction,
                                            std::string_view peers) {
  std::vector<NetworkPolicy::Rule> rules;
  for (const Json& json : array_at(policy, {"spec", direction})) {
    NetworkPolicy::Rule rule;
    for (const Json& peer_json : array_at(json, {peers})) {
      NetworkPolicy::Peer peer;
      if (const Json* pods = model::find_path(peer_json, {"podSelector"})) {
        peer.pods = read_selector(pods);
      }
      if (const Json* namespaces = model::find_path(peer_json, {"namespaceSelector"})) {
        peer.namespaces = read_selector(namespaces);
        read_terms(*namespaces, peer.namespace_terms);
      }
      peer.cidr = model::string_at(peer_json, {"ipBlock", "cidr"});
      rule.peers.push_back(std::move(peer));
    }
    for (const Json& port : array_at(json, {"ports"})) rule.ports.push_back(read_port(port));
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

Pod read_pod(const Json& object, const Head& head, TextStore& texts) {
  Pod pod;
  pod.ns = head.ns;
  pod.name = head.name;
  pod.labels = head.labels;
  pod.created = head.created;
  pod.origin = head.origin;
  pod.deleting = head.deleting;
  pod.node = texts.intern(model::string_at(object, {"spec", "nodeName"}));
  pod.phase = phase_of(model::string_at(object, {"status", "phase"}));
  pod.gated = !array_at(object, {"spec", "schedulingGates"}).empty();
  const Json* const annotations = model::find_path(object, {"metadata", "annotations"});
  pod.is_static = annotations != nullptr &&
                  model::find_path(*annotations, {"kubernetes.io/config.mirror"}) != nullptr;
  std::string_view reason = model::string_at(object, {"status", "reason"});
  if (reason.empty() && pod.phase == Phase::pending) reason = waiting_reason(object);
  if (const Json* looping = crash_loop(object)) {
    reason = "CrashLoopBackOff";
    pod.restarts = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(model::int_at(*looping, {"restartCount"}), 0, 65535));
    pod.message = texts.intern(last_end(*looping));
  }
  pod.reason = texts.intern(reason);
  if (pod.phase == Phase::running) {
    for (const Json& condition : array_at(object, {"status", "conditions"})) {
      if (model::string_at(condition, {"type"}) == "Ready") {
        pod.ready = model::string_at(condition, {"status"}) == "True";
      }
    }
  }
  if (pod.phase == Phase::pending && pod.node.empty()) {
    for (const Json& condition : array_at(object, {"status", "conditions"})) {
      if (model::string_at(condition, {"type"}) != "PodScheduled" ||
          model::string_at(condition, {"status"}) != "False") {
        continue;
      }
      pod.message = texts.intern(model::string_at(condition, {"message"}));
      pod.unscheduled_since = parse_time(model::string_at(condition, {"lastTransitionTime"}));
    }
  }
  return pod;
}

Node read_node(const Json& object, const Head& head, TextStore& texts) {
  Node node;
  node.head = head;
  for (const Json& taint : array_at(object, {"spec", "taints"})) {
    node.taints.push_back(model::Taint::from_json(taint));
  }
  node.unschedulable = model::bool_at(object, {"spec", "unschedulable"});
  node.provider = texts.intern(model::string_at(object, {"spec", "providerID"}));
  node.capacity = read_amounts(model::find_path(object, {"status", "capacity"}), texts);
  node.allocatable = read_amounts(model::find_path(object, {"status", "allocatable"}), texts);
  node.kubelet_version =
      texts.intern(model::string_at(object, {"status", "nodeInfo", "kubeletVersion"}));
  node.runtime_version =
      texts.intern(model::string_at(object, {"status", "nodeInfo", "containerRuntimeVersion"}));
  for (const Json& condition : array_at(object, {"status", "conditions"})) {
    if (model::string_at(condition, {"type"}) != "Ready") continue;
    node.ready_status = texts.intern(model::string_at(condition, {"status"}));
    node.ready_reason = texts.intern(model::string_at(condition, {"reason"}));
    node.ready_message = texts.intern(model::string_at(condition, {"message"}));
    node.heartbeat = parse_time(model::string_at(condition, {"lastHeartbeatTime"}));
    node.ready_since = parse_time(model::string_at(condition, {"lastTransitionTime"}));
  }
  node.gpu_labels_written = read_gpu_labels_written(object);
  if (const Json* annotations = model::find_path(object, {"metadata", "annotations"});
      annotations != nullptr && annotations->is_object()) {
    for (const auto& [key, value] : annotations->get_ref<const Json::object_t&>()) {
      if (std::string_view(key).starts_with("hami.io/")) node.hami = true;
    }
  }
  return node;
}

Quota read_quota(const Json& object, const Head& head, TextStore& texts) {
  Quota quota;
  quota.head = head;
  if (const Json* hard = model::find_path(object, {"spec", "hard"});
      hard != nullptr && hard->is_object()) {
    for (const auto& [key, value] : hard->get_ref<const Json::object_t&>()) {
      const std::string amount = value.is_string() ? value.get<std::string>() : value.dump();
      quota.hard.push_back({texts.intern(key), texts.intern(amount),
                            texts.intern(model::string_at(object, {"status", "used", key}))});
    }
  }
  return quota;
}

NetworkPolicy read_network_policy(const Json& object, const Head& head) {
  NetworkPolicy policy;
  policy.head = head;
  policy.pods = read_selector(model::find_path(object, {"spec", "podSelector"}));
  policy.ingress = read_rules(object, "ingress", "from");
  policy.egress = read_rules(object, "egress", "to");
  const Json& types = array_at(object, {"spec", "policyTypes"});
  for (const Json& type : types) {
    if (!type.is_string()) continue;
    if (type.get_ref<const std::string&>() == "Ingress") policy.for_ingress = true;
    if (type.get_ref<const std::string&>() == "Egress") policy.for_egress = true;
  }
  if (types.empty()) {
    // What the API server fills in: always Ingress, and Egress if there are such rules.
    policy.for_ingress = true;
    policy.for_egress = !policy.egress.empty();
  }
  return policy;
}

void read_profile(const Json& object, std::vector<model::Taint>& taints) {
  const auto taint = model::Taint::parse(model::string_at(object, {"spec", "gpu", "taint"}));
  if (taint) taints.push_back(*taint);
}

std::optional<ControlPlanePod> read_control_plane(const Json& object, const Head& head) {
  const Json& containers = array_at(object, {"spec", "containers"});
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Json& container = containers[i];
    const Json& command = array_at(container, {"command"});
    const Json& args = array_at(container, {"args"});
    const Json& words = command.empty() ? args : command;
    if (words.empty() || !words[0].is_string()) continue;
    const std::string_view program = base_name(words[0].get_ref<const std::string&>());
    if (program != "etcd" && program != "kube-apiserver" && program != "velero") continue;
    ControlPlanePod pod;
    pod.head = head;
    pod.program = program;
    pod.image = model::string_at(container, {"image"});
    if (const Json* annotations = model::find_path(object, {"metadata", "annotations"})) {
      pod.is_static = model::find_path(*annotations, {"kubernetes.io/config.mirror"}) != nullptr;
    }
    const FieldPath path = FieldPath() / "spec" / "containers" / i;
    const auto read = [&](const Json& list, const FieldPath& list_path) {
      for (std::size_t at = 0; at < list.size(); ++at) {
        if (!list[at].is_string()) continue;
        std::string_view word = list[at].get_ref<const std::string&>();
        // A value of its own ("--name", "a") follows its flag and has no dash.
        if (word.size() < 2 || word[0] != '-') continue;
        word.remove_prefix(word[1] == '-' ? 2 : 1);
        const std::size_t equals = word.find('=');
        if (word.empty() || equals == 0) continue;
        ControlPlanePod::Flag flag;
        flag.name = word.substr(0, equals);
        if (equals != std::string_view::npos) flag.value = word.substr(equals + 1);
        flag.path = list_path / at;
        pod.flags.push_back(std::move(flag));
      }
    };
    read(command, path / "command");
    read(args, path / "args");
    return pod;
  }
  return std::nullopt;
}

}  // namespace kai::audit
