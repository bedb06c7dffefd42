#include "diagnosis.hpp"

#include "node_setup.hpp"

#include <kai/model/gpu.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

constexpr std::string_view k_nfd_prefix = "feature.node.kubernetes.io/";

bool has_nfd(const model::Node& node) {
  const auto first = node.labels.lower_bound(k_nfd_prefix);
  return first != node.labels.end() && first->first.starts_with(k_nfd_prefix);
}

bool nfd_sees_gpu(const model::Node& node) {
  return std::any_of(node.labels.begin(), node.labels.end(), [](const auto& label) {
    return label.first.starts_with(k_nfd_prefix) &&
           model::is_gpu_evidence(label.first, label.second);
  });
}

std::string quoted(const model::ObjectRef& ref) {
  return ref.ns + "/" + ref.name;
}

// Why a DaemonSet does not run on the node; empty when it does.
std::string why_not_on(const DaemonSet& set, const model::Node& node) {
  if (!model::matches_affinity(set.placement, node)) {
    for (const auto& [key, value] : set.placement.node_selector) {
      if (node.label(key) != value) {
        std::string text = quoted(set.ref);
        text += " runs only on nodes labelled ";
        text += key;
        text += "=";
        text += value;
        return text;
      }
    }
    return quoted(set.ref) + "'s node affinity does not match the node";
  }
  if (const model::Taint* taint =
          model::first_untolerated(node.taints, set.placement.tolerations)) {
    return quoted(set.ref) + " does not tolerate taint " + taint->to_string();
  }
  return {};
}

std::string pod_trouble(const model::Pod& pod) {
  for (const model::ContainerState& container : pod.containers) {
    if (!container.waiting_reason.empty() && container.waiting_reason != "PodInitializing" &&
        container.waiting_reason != "ContainerCreating") {
      return container.waiting_reason;
    }
  }
  for (const model::ContainerState& container : pod.containers) {
    if (!container.ready && !container.waiting_reason.empty()) return container.waiting_reason;
  }
  const bool all_ready =
      !pod.containers.empty() &&
      std::all_of(pod.containers.begin(), pod.containers.end(),
                  [](const auto& container) { return container.ready || container.terminated; });
  if (pod.phase == "Running" && all_ready) return {};
  return pod.phase == "Running" ? "not ready" : pod.phase;
}

}  // namespace

bool is_gpu_node(const model::Node& node) {
  if (node.annotations.contains(k_record_annotation)) return true;
  if (std::any_of(node.capacity.begin(), node.capacity.end(),
                  [](const auto& entry) { return model::is_gpu_resource(entry.first); })) {
    return true;
  }
  return std::any_of(node.labels.begin(), node.labels.end(), [](const auto& label) {
    return model::is_gpu_evidence(label.first, label.second);
  });
}

std::vector<std::string> gpu_resources(const model::Node& node) {
  std::vector<std::string> names;
  for (const auto& [name, amount] : node.capacity) {
    if (model::is_gpu_resource(name)) names.push_back(name);
  }
  return names;
}

bool may_serve_soon(const model::Node& node) {
  return node.ready() && (!has_nfd(node) || nfd_sees_gpu(node));
}

std::optional<std::string> why_no_gpus(const model::Node& node, const ClusterFacts& facts) {
  std::int64_t withdrawn = 0;
  for (const std::string& name : gpu_resources(node)) {
    if (!model::amount_of(node.allocatable, name).is_zero()) return std::nullopt;
    withdrawn += model::amount_of(node.capacity, name).value();
  }
  if (!node.ready()) {
    const model::Condition* ready = node.condition("Ready");
    std::string text = "the node is NotReady";
    if (ready != nullptr && !ready->reason.empty()) text += " (" + ready->reason + ")";
    return text;
  }
  if (has_nfd(node) && !nfd_sees_gpu(node)) return "node feature discovery sees no NVIDIA device";

  const Stack stack = recognise_stack(facts.daemon_sets, facts.has_cluster_policy);
  if (stack.plugins.empty()) {
    if (stack.kind == StackKind::gpu_operator) return "gpu-operator runs no device plugin";
    return "no device plugin in the cluster";
  }
  std::string elsewhere;
  for (const DaemonSet* set : stack.plugins) {
    const std::string why_not = why_not_on(*set, node);
    if (!why_not.empty()) {
      elsewhere = why_not;
      continue;
    }
    const auto pod = std::find_if(facts.pods.begin(), facts.pods.end(), [&](const auto& candidate) {
      return candidate.placement.node_name == node.name && candidate.ns == set->ref.ns &&
             candidate.owner_kind == "DaemonSet" && candidate.owner_name == set->ref.name;
    });
    if (pod == facts.pods.end()) return quoted(set->ref) + " has no running pod on it";
    const std::string trouble = pod_trouble(*pod);
    if (!trouble.empty()) return "device plugin pod " + quoted(pod->ref()) + ": " + trouble;
    if (withdrawn > 0) {
      return "all " + std::to_string(withdrawn) + " withdrawn as unhealthy by the device plugin";
    }
    return "device plugin pod " + quoted(pod->ref()) +
           " runs but finds no GPU: driver or container toolkit?";
  }
  return elsewhere;
}

}  // namespace kai::gpu
