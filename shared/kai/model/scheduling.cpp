#include <kai/model/scheduling.hpp>

#include <kai/model/gpu.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace kai::model {

namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool holds(const NodeRequirement& requirement, const std::string* value) {
  const auto& [key, op, values] = requirement;
  const bool among =
      value != nullptr && std::find(values.begin(), values.end(), *value) != values.end();
  if (op == "In") return among;
  if (op == "NotIn") return !among;
  if (op == "Exists") return value != nullptr;
  if (op == "DoesNotExist") return value == nullptr;
  if ((op == "Gt" || op == "Lt") && value != nullptr && values.size() == 1) {
    const auto present = whole_number(*value);
    const auto bound = whole_number(values.front());
    if (!present || !bound) return false;
    return op == "Gt" ? *present > *bound : *present < *bound;
  }
  return false;
}

const std::string* label_of(const Node& node, const std::string& key) {
  const auto found = node.labels.find(key);
  return found == node.labels.end() ? nullptr : &found->second;
}

bool is_readiness_taint(const Taint& taint) {
  return taint.key == "node.kubernetes.io/not-ready" ||
         taint.key == "node.kubernetes.io/unreachable";
}

// The node controller's mirror of spec.unschedulable; a pod may tolerate it.
Taint cordon_taint() {
  return {"node.kubernetes.io/unschedulable", "", "NoSchedule"};
}

bool tolerates(const Placement& placement, const Taint& taint) {
  return std::any_of(placement.tolerations.begin(), placement.tolerations.end(),
                     [&](const Toleration& toleration) { return toleration.tolerates(taint); });
}

bool repels(const Taint& taint) {
  return taint.effect == "NoSchedule" || taint.effect == "NoExecute";
}

std::string readiness_detail(const Node& node) {
  const Condition* condition = node.condition("Ready");
  if (condition == nullptr) return "node is NotReady: its kubelet has reported no state";
  std::string text = "node is NotReady";
  if (!condition->reason.empty()) text += " (" + condition->reason + ")";
  if (!condition->message.empty()) text += ": " + condition->message;
  return text;
}

void check_selector(const Pod& pod, const Node& node, std::vector<Obstacle>& found) {
  for (const auto& [key, wanted] : pod.placement.node_selector) {
    const std::string* value = label_of(node, key);
    if (value != nullptr && *value == wanted) continue;
    std::string detail = "nodeSelector " + key + "=" + wanted + ": the node has ";
    detail += value == nullptr ? "no such label" : key + "=" + *value;
    found.push_back({ObstacleKind::node_selector, std::move(detail), {}, false});
  }
  const auto& affinity = pod.placement.node_affinity;
  if (!affinity || std::any_of(affinity->begin(), affinity->end(),
                               [&](const auto& term) { return matches(term, node); })) {
    return;
  }
  // One term: name the requirement. Several: each fails for its own reason.
  std::string detail = "node affinity: ";
  if (affinity->empty()) {
    detail += "it has no term, which matches no node";
  } else {
    std::string reasons;
    for (const NodeSelectorTerm& term : *affinity) {
      std::string why = "an empty term matches no node";
      for (const NodeRequirement& requirement : term.expressions) {
        if (holds(requirement, label_of(node, requirement.key))) continue;
        why = "needs " + requirement.to_string();
        break;
      }
      for (const NodeRequirement& requirement : term.fields) {
        if (!holds(requirement, &node.name)) why = "needs " + requirement.to_string();
      }
      if (reasons.find(why) != std::string::npos) continue;
      reasons += (reasons.empty() ? "" : ", or ") + why;
    }
    detail += reasons;
  }
  found.push_back({ObstacleKind::node_affinity, std::move(detail), {}, false});
}

void check_resources(const Pod& pod, const Node& node, const Resources& used,
                     std::vector<Obstacle>& found) {
  std::vector<Obstacle> others;
  for (const auto& [name, wanted] : claim_of(pod)) {
    if (wanted.is_zero()) continue;
    const Quantity most = amount_of(node.allocatable, name);
    const Quantity taken = amount_of(used, name);
    if (taken + wanted <= most) continue;
    const bool is_gpu = is_gpu_resource(name);
    Obstacle obstacle;
    obstacle.resource = name;
    const auto capacity = node.capacity.find(name);
    if (is_gpu && most.is_zero()) {
      obstacle.kind = ObstacleKind::gpu_absent;
      obstacle.detail = "the node advertises no " + name;
      if (capacity != node.capacity.end() && !capacity->second.is_zero()) {
        obstacle.detail =
            "all " + capacity->second.to_string() + " " + name + " of the node are withdrawn";
      }
      found.push_back(std::move(obstacle));
      continue;
    }
    Quantity free = most;
    free -= taken;
    if (free < Quantity()) free = Quantity();
    obstacle.detail = name + ": wants " + wanted.to_string() + ", free " + free.to_string() +
                      " of " + most.to_string();
    obstacle.preemptible = wanted <= most;
    if (wanted > most) {
      obstacle.detail =
          name + ": wants " + wanted.to_string() + ", the node has " + most.to_string() + " in all";
    }
    obstacle.kind = is_gpu ? ObstacleKind::gpu_in_use : ObstacleKind::resource;
    (is_gpu ? found : others).push_back(std::move(obstacle));
  }
  for (Obstacle& obstacle : others) found.push_back(std::move(obstacle));
}

}  // namespace

std::string_view to_string(ObstacleKind kind) {
  switch (kind) {
    case ObstacleKind::not_ready: return "not-ready";
    case ObstacleKind::cordoned: return "cordoned";
    case ObstacleKind::node_name: return "node-name";
    case ObstacleKind::taint: return "taint";
    case ObstacleKind::node_selector: return "node-selector";
    case ObstacleKind::node_affinity: return "node-affinity";
    case ObstacleKind::gpu_absent: return "gpu-absent";
    case ObstacleKind::gpu_in_use: return "gpu-in-use";
    case ObstacleKind::resource: return "resource";
  }
  return "";
}

bool matches(const NodeSelectorTerm& term, const Node& node) {
  if (term.expressions.empty() && term.fields.empty()) return false;
  for (const NodeRequirement& requirement : term.expressions) {
    if (!holds(requirement, label_of(node, requirement.key))) return false;
  }
  for (const NodeRequirement& requirement : term.fields) {
    if (requirement.key != "metadata.name" || !holds(requirement, &node.name)) return false;
  }
  return true;
}

bool matches_affinity(const Placement& placement, const Node& node) {
  for (const auto& [key, wanted] : placement.node_selector) {
    const std::string* value = label_of(node, key);
    if (value == nullptr || *value != wanted) return false;
  }
  if (!placement.node_affinity) return true;
  return std::any_of(placement.node_affinity->begin(), placement.node_affinity->end(),
                     [&](const NodeSelectorTerm& term) { return matches(term, node); });
}

Resources claim_of(const Pod& pod) {
  Resources claim = pod.requests;
  claim.insert_or_assign("pods", Quantity::of(1));
  return claim;
}

std::vector<Obstacle> obstacles(const Pod& pod, const Node& node, const Resources& used) {
  std::vector<Obstacle> found;
  if (!pod.placement.node_name.empty() && pod.placement.node_name != node.name) {
    found.push_back({ObstacleKind::node_name,
                     "the pod is bound to node " + pod.placement.node_name,
                     {},
                     false});
  }
  // A node that is not ready is kept free by the node controller's taints; say the
  // cause rather than the taint.
  const bool not_ready = !node.ready();
  if (not_ready) {
    const auto tainted = std::find_if(node.taints.begin(), node.taints.end(), is_readiness_taint);
    if (tainted == node.taints.end() || !tolerates(pod.placement, *tainted)) {
      found.push_back({ObstacleKind::not_ready, readiness_detail(node), {}, false});
    }
  }
  if (node.unschedulable && !tolerates(pod.placement, cordon_taint())) {
    found.push_back({ObstacleKind::cordoned, "the node is cordoned", {}, false});
  }
  check_selector(pod, node, found);
  for (const Taint& taint : node.taints) {
    if (!repels(taint) || tolerates(pod.placement, taint)) continue;
    if ((not_ready && is_readiness_taint(taint)) ||
        (node.unschedulable && taint.key == cordon_taint().key)) {
      continue;
    }
    found.push_back(
        {ObstacleKind::taint, "taint " + taint.to_string() + " is not tolerated", {}, false});
  }
  check_resources(pod, node, used, found);
  return found;
}

std::vector<std::string> unchecked(const Placement& placement) {
  std::vector<std::string> names;
  if (placement.has_pod_affinity) names.emplace_back("pod affinity");
  if (placement.has_topology_spread) names.emplace_back("topology spread");
  if (placement.has_volume_claims) names.emplace_back("volumes");
  if (placement.has_host_ports) names.emplace_back("host ports");
  return names;
}

}  // namespace kai::model
