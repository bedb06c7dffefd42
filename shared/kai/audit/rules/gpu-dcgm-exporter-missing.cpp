// GPU nodes whose GPUs nobody measures.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  if (!pods_are_known(facts)) return;
  const auto stacks = stack_by_node(facts);
  for (const Node& node : facts.nodes) {
    // DCGM is for NVIDIA's GPUs. A node that is not there cannot run an exporter.
    if (!advertises_nvidia(node) || !node.ready() || is_initialising(node)) continue;
    const LabelSet& labels = *node.head.labels;
    if (labels.get("nvidia.com/gpu.deploy.operands") == "false" ||
        labels.get("nvidia.com/gpu.deploy.dcgm-exporter") == "false") {
      continue;
    }
    const auto stack = stacks.find(node.name());
    if (stack != stacks.end() && stack->second.exporter) continue;
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "status" / "capacity";
    finding.observed = "no exporter of GPU metrics";
    finding.expected = "a dcgm-exporter pod on the node";
    finding.message = "no DCGM exporter runs beside " + describe_gpus(node.capacity);
    if (gpu_count(node.capacity) == 0) finding.message = "no DCGM exporter runs here";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_dcgm_exporter_missing;
constinit const Rule k_gpu_dcgm_exporter_missing = {
    .id = "gpu-dcgm-exporter-missing",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "No DCGM exporter runs on a GPU node",
    .why =
        "Nobody sees how busy the GPUs are, how hot, or that they report Xid and ECC errors: idle "
        "GPUs stay held, and failing ones are noticed by those whose jobs die.",
    .fix =
        "Install the DCGM exporter (part of the GPU Operator) as a DaemonSet that tolerates the "
        "GPU nodes' taints, or set nvidia.com/gpu.deploy.dcgm-exporter=false on nodes that shall "
        "have none.",
    .reference =
        "https://docs.nvidia.com/datacenter/cloud-native/gpu-telemetry/latest/dcgm-exporter.html",
    .needs = {Kind::node, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
