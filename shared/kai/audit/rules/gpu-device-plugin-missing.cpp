// GPU nodes that no device plugin looks after.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

bool offers_nvidia(const Node& node) {
  return std::any_of(node.allocatable.begin(), node.allocatable.end(), [](const Amount& amount) {
    return amount.resource.view().starts_with("nvidia.com/") && !amount.quantity.is_zero();
  });
}

bool is_plugin(const PodTemplate& spec) {
  return std::any_of(spec.containers.begin(), spec.containers.end(), [](const Container& c) {
    return !c.init && GpuStack::get().is_device_plugin(c.image, c.name);
  });
}

std::vector<const Workload*> plugins(const Facts& facts) {
  std::vector<const Workload*> list;
  for (const Workload& workload : facts.workloads) {
    if (workload.head.kind == std::string_view("DaemonSet") && is_plugin(*workload.spec)) {
      list.push_back(&workload);
    }
  }
  return list;
}

// Why a DaemonSet has no pod on the node; empty when nothing tells.
std::string reason_of(const Workload& plugin, const Node& node, const model::Node& converted) {
  const model::Placement& placement = plugin.spec->placement;
  const std::string name = "DaemonSet " + plugin.head.ns.str() + "/" + plugin.head.name.str();
  if (!model::matches_affinity(placement, converted)) {
    for (const auto& [key, value] : placement.node_selector) {
      if (node.head.labels->get(key) != value) {
        return name + " wants the label " + key + "=" + value;
      }
    }
    return name + " does not select the node";
  }
  for (const model::Taint& taint : lasting_taints(node)) {
    const auto& tolerations = placement.tolerations;
    if (std::none_of(tolerations.begin(), tolerations.end(),
                     [&](const model::Toleration& t) { return t.tolerates(taint); })) {
      return name + " does not tolerate " + taint.to_string();
    }
  }
  return {};
}

void check(const Facts& facts, Findings& findings) {
  if (!pods_are_known(facts)) return;
  const auto stacks = stack_by_node(facts);
  const auto candidates = plugins(facts);
  for (const Node& node : facts.nodes) {
    const Label* const evidence = nvidia_evidence(node);
    // GPUs that can be had come from a device plugin, be it a program of the host.
    if (evidence == nullptr || !node.ready() || offers_nvidia(node) || excluded_on_purpose(node) ||
        is_initialising(node)) {
      continue;
    }
    const auto stack = stacks.find(node.name());
    if (stack != stacks.end() && (stack->second.device_plugin || stack->second.dra_driver)) {
      continue;
    }
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "metadata" / "labels" / evidence->key.view();
    finding.observed = evidence->key.str() + "=" + evidence->value.str() + ", no device-plugin pod";
    finding.expected = "a device-plugin pod on the node";
    finding.message = "labelled " + evidence->key.str() + "=" + evidence->value.str() +
                      " and no device plugin runs here";
    const model::Node converted = node.to_model();
    for (const Workload* const plugin : candidates) {
      std::string reason = reason_of(*plugin, node, converted);
      if (!reason.empty()) finding.message += "; " + std::move(reason);
    }
    finding.fix =
        candidates.empty()
            ? "kubectl ai gpu setup " + node.name().str()
            : "Let the DaemonSet run here: " + std::string("kubectl ai gpu explain node ") +
                  node.name().str() + " says what is missing";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_device_plugin_missing;
constinit const Rule k_gpu_device_plugin_missing = {
    .id = "gpu-device-plugin-missing",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "No device plugin runs on a GPU node",
    .why =
        "The kubelet learns of GPUs from a device plugin alone. Without one on the node its GPUs "
        "exist for nobody.",
    .fix =
        "Run kubectl ai gpu setup NODE, or install the GPU Operator; where a device plugin is "
        "there, let its DaemonSet select the node and tolerate its taints.",
    .reference =
        "https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/",
    .needs = {Kind::node, Kind::pod},
    .reads = {Kind::daemon_set},
    .check = &check,
};

}  // namespace kai::audit
