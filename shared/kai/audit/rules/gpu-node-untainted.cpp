// A GPU node that lets everything in: pods without GPUs take the CPU and memory that the
// GPUs need.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/gpu_nodes.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <map>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

// Pods that sit on a node without need: no GPU, no DaemonSet, nothing of the cluster's own.
// By node.
std::map<std::string_view, std::vector<std::string>> cpu_only_pods(const Facts& facts) {
  std::map<std::string_view, std::vector<std::string>> names;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished() || pod.spec->wants_gpu() || pod.is_static) continue;
    if (pod.owner != nullptr && pod.owner->kind == std::string_view("DaemonSet")) continue;
    if (WellKnown::get().is_system_namespace(pod.ns)) continue;
    names[pod.node].push_back(pod.ns.str() + "/" + pod.name.str());
  }
  return names;
}

// The taint that this node's GPU pods are tolerated by: Kubernetes' own admission plugin
// ExtendedResourceToleration adds a toleration whose key is the resource's name.
model::Taint taint_for(const Node& node) {
  for (const Amount& amount : node.capacity) {
    const std::string_view name = amount.resource;
    if (!model::is_gpu_resource(name) || amount.quantity.is_zero()) continue;
    // MIG devices and shared GPUs too: one key for all of NVIDIA's.
    const bool is_nvidia = name.starts_with("nvidia.com/");
    return {std::string(is_nvidia ? model::k_nvidia_gpu : name), "true", "NoSchedule"};
  }
  return {};
}

// setup serves NVIDIA's GPUs; other vendors' nodes are tainted by hand.
std::string fix_for(const Node& node, const model::Taint& taint) {
  const std::string name = node.name().str();
  if (taint.key == model::k_nvidia_gpu) {
    return "kubectl ai gpu setup " + name + " (shows first which pods lack a toleration)";
  }
  return "kubectl taint nodes " + name + " " + taint.to_string() +
         ", after giving the pods that shall stay a toleration";
}

void check(const Facts& facts, Findings& findings) {
  const std::vector<const Node*> open = open_gpu_nodes(facts);
  if (open.empty()) return;
  const auto cpu_only = cpu_only_pods(facts);
  static const std::vector<std::string> k_none;
  for (const Node* const open_node : open) {
    const Node& node = *open_node;
    const auto here = cpu_only.find(node.name());
    const std::vector<std::string>& pods = here == cpu_only.end() ? k_none : here->second;
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "spec" / "taints";
    finding.observed = "no NoSchedule or NoExecute taint";
    const model::Taint taint = taint_for(node);
    finding.expected = taint.to_string();
    finding.message = describe_gpus(node.capacity) + " open to every pod";
    if (!pods.empty()) {
      finding.message += "; " + count_of(static_cast<std::int64_t>(pods.size()), "CPU-only pod") +
                         " here: " + list_names(pods);
    }
    finding.fix = fix_for(node, taint);
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_node_untainted;
constinit const Rule k_gpu_node_untainted = {
    .id = "gpu-node-untainted",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A GPU node has no taint that keeps other pods away",
    .why =
        "Without a NoSchedule taint the scheduler fills GPU nodes with pods that need no GPU. "
        "Once CPU or memory is gone, the GPUs beside it are idle and cannot be used.",
    .fix =
        "Taint the node, and give GPU pods a toleration: `kubectl ai gpu setup NODE` does the "
        "first and lists who lacks the second.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"
        "#example-use-cases",
    .needs = {Kind::node},
    .reads = {Kind::pod},
    .check = &check,
};

}  // namespace kai::audit
