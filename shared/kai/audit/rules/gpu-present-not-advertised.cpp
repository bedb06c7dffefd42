// A node that is known to have GPUs and offers none.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const auto stacks = stack_by_node(facts);
  for (const Node& node : facts.nodes) {
    const Label* const evidence = nvidia_evidence(node);
    if (evidence == nullptr || advertises_nvidia(node) || excluded_on_purpose(node) ||
        is_initialising(node)) {
      continue;
    }
    // With dynamic resource allocation GPUs are in ResourceSlices and in no resource.
    const auto stack = stacks.find(node.name());
    if (stack != stacks.end() && stack->second.dra_driver) continue;
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
