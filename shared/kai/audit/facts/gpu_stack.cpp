#include <kai/audit/facts/gpu_stack.hpp>

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

NodeStack stack_of(const PodTemplate& spec) {
  const GpuStack& known = GpuStack::get();
  NodeStack stack;
  for (const Container& container : spec.containers) {
    if (container.init && !container.sidecar) continue;
    const std::string_view image = container.image;
    stack.device_plugin = stack.device_plugin || known.is_device_plugin(image, container.name);
    stack.dra_driver = stack.dra_driver || known.is_dra_driver(image);
    stack.exporter = stack.exporter || known.is_exporter(image);
  }
  return stack;
}

}  // namespace

std::unordered_map<std::string_view, NodeStack> stack_by_node(const Facts& facts) {
  // Few templates, many pods.
  std::unordered_map<const PodTemplate*, NodeStack> stacks;
  for (const PodTemplate& spec : facts.templates) {
    const NodeStack stack = stack_of(spec);
    if (stack.device_plugin || stack.dra_driver || stack.exporter) stacks.emplace(&spec, stack);
  }
  std::unordered_map<std::string_view, NodeStack> nodes;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished()) continue;
    const auto found = stacks.find(pod.spec);
    if (found == stacks.end()) continue;
    NodeStack& node = nodes[pod.node];
    node.device_plugin = node.device_plugin || found->second.device_plugin;
    node.dra_driver = node.dra_driver || found->second.dra_driver;
    node.exporter = node.exporter || found->second.exporter;
  }
  return nodes;
}

bool pods_are_known(const Facts& facts) {
  const bool live = facts.nodes.empty() || !facts.nodes.front().head.origin.known();
  return live || !facts.pods.empty();
}

const Label* nvidia_evidence(const Node& node) {
  for (const Label* label : node.head.labels->items()) {
    if (model::is_gpu_evidence(label->key, label->value)) return label;
  }
  return nullptr;
}

bool advertises_nvidia(const Node& node) {
  return std::any_of(node.capacity.begin(), node.capacity.end(), [](const Amount& amount) {
    return amount.resource.view().starts_with("nvidia.com/") && !amount.quantity.is_zero();
  });
}

bool excluded_on_purpose(const Node& node) {
  const LabelSet& labels = *node.head.labels;
  static constexpr std::array<std::string_view, 2> k_off = {"nvidia.com/gpu.deploy.operands",
                                                            "nvidia.com/gpu.deploy.device-plugin"};
  for (const std::string_view key : k_off) {
    if (labels.get(key) == "false") return true;
  }
  const auto workload = labels.get("nvidia.com/gpu.workload.config");
  return (workload && *workload != "container") || labels.get("nvidia.com/gpu.count") == "0" ||
         labels.get("nvidia.com/gpu.present") == "false" || labels.get("nvidia.com/gpu") == "false";
}

bool is_initialising(const Node& node) {
  return std::any_of(node.taints.begin(), node.taints.end(), [](const model::Taint& taint) {
    return taint.key == "node.cloudprovider.kubernetes.io/uninitialized";
  });
}

bool driver_is_changing(const Node& node) {
  const auto state = node.head.labels->get("nvidia.com/gpu-driver-upgrade-state");
  return state && !state->empty() && *state != "upgrade-done" && *state != "upgrade-failed" &&
         *state != "upgrade-required";
}

}  // namespace kai::audit
