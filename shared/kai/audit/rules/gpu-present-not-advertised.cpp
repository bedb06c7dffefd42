// A node that is known to have GPUs and offers none.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

// NVIDIA's labels and NFD's for its devices: what says that a device plugin belongs here.
const Label* nvidia_evidence(const Node& node) {
  for (const Label* label : node.head.labels->items()) {
    if (model::is_gpu_evidence(label->key, label->value)) return label;
  }
  return nullptr;
}

// Any resource of the vendor's: GPUs passed through to virtual machines and resources that
// the device plugin was told to rename carry names of their own.
bool advertises_anything(const Node& node) {
  return std::any_of(node.capacity.begin(), node.capacity.end(), [](const Amount& amount) {
    return amount.resource.view().starts_with("nvidia.com/") && !amount.quantity.is_zero();
  });
}

// Labels by which somebody says that there shall be no device plugin on this node.
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

// With dynamic resource allocation GPUs are in ResourceSlices and in no resource.
bool has_dra_driver(const Facts& facts, const Node& node) {
  return std::any_of(facts.pods.begin(), facts.pods.end(), [&](const Pod& pod) {
    if (pod.node != node.name()) return false;
    const auto& containers = pod.spec->containers;
    return std::any_of(containers.begin(), containers.end(), [](const Container& container) {
      return container.image.view().find("dra-driver") != std::string_view::npos;
    });
  });
}

// The cloud's controller has not finished with the node.
bool is_initialising(const Node& node) {
  return std::any_of(node.taints.begin(), node.taints.end(), [](const model::Taint& taint) {
    return taint.key == "node.cloudprovider.kubernetes.io/uninitialized";
  });
}

void check(const Facts& facts, Findings& findings) {
  for (const Node& node : facts.nodes) {
    const Label* const evidence = nvidia_evidence(node);
    if (evidence == nullptr || advertises_anything(node) || excluded_on_purpose(node) ||
        is_initialising(node) || has_dra_driver(facts, node)) {
      continue;
    }
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "status" / "capacity";
    finding.observed = "no nvidia.com/gpu in capacity";
    finding.expected = "nvidia.com/gpu";
    const auto count = node.head.labels->get(model::k_label_gpu_count);
    if (count) finding.expected += ": " + std::string(*count);
    finding.message = "the label " + evidence->key.str() + "=" + evidence->value.str() +
                      " says that GPUs are present, but the node advertises none";
    finding.fix = "kubectl ai gpu explain node " + node.name().str();
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_present_not_advertised;
constinit const Rule k_gpu_present_not_advertised = {
    .id = "gpu-present-not-advertised",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A node has GPUs that it does not advertise",
    .why =
        "A GPU was detected or is declared by label, but no device plugin has registered it "
        "with the kubelet: no pod can get it.",
    .fix =
        "Check on the node that the driver is loaded (`nvidia-smi`), that the container runtime "
        "has the nvidia runtime, and that a device-plugin pod runs there: `kubectl ai gpu "
        "explain node NODE`.",
    .reference = "https://github.com/NVIDIA/k8s-device-plugin#quick-start",
    .needs = {Kind::node, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
