// A node that has GPUs and does not say so: selectors of DaemonSets, exporters and people
// pass it by.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const Node& node : facts.nodes) {
    if (!advertises_gpus(node) || gpu_label(node) != nullptr) continue;
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "metadata" / "labels";
    finding.observed = "no GPU label";
    finding.message = "advertises " + describe_gpus(node.capacity) + " but has no GPU label";
    if (advertises_nvidia(node)) {
      finding.expected = "nvidia.com/gpu or nvidia.com/gpu.present";
      finding.patch =
          Patch{Patch::Type::merge, {{"metadata", {{"labels", {{"nvidia.com/gpu", "true"}}}}}}};
      finding.fix = "kubectl ai gpu setup " + node.name().str() + ", or: kubectl label node " +
                    node.name().str() + " nvidia.com/gpu=true";
    } else {
      finding.expected = "the label of the vendor's node labeller";
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_node_unlabelled;
constinit const Rule k_gpu_node_unlabelled = {
    .id = "gpu-node-unlabelled",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A GPU node has no GPU label",
    .why =
        "Device plugins, exporters and workloads find GPU nodes by label. A node without one "
        "is left out by all of them although its GPUs can be scheduled.",
    .fix =
        "Run `kubectl ai gpu setup NODE`, or install GPU feature discovery, which labels nodes "
        "by itself.",
    .reference = "https://github.com/NVIDIA/k8s-device-plugin#labels-generated-by-gfd",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
