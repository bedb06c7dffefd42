// GPUs that the node has and the kubelet no longer hands out.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const Node& node : facts.nodes) {
    for (const Amount& amount : node.capacity) {
      if (!model::is_gpu_resource(amount.resource)) continue;
      const model::Quantity left = amount_of(node.allocatable, amount.resource);
      if (left >= amount.quantity) continue;
      const std::int64_t gone = (amount.quantity - left).value();
      Finding finding;
      finding.object = node.head.ref();
      finding.origin = node.head.origin;
      finding.path = FieldPath() / "status" / "allocatable" / amount.resource.view();
      finding.observed = left.to_string();
      finding.expected = amount.quantity.to_string();
      finding.message = std::to_string(gone) + " of " + amount.quantity.to_string() + " " +
                        amount.resource.str() + (gone == 1 ? " is" : " are") + " withdrawn";
      finding.subject = amount.resource.str();
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_gpu_withdrawn;
constinit const Rule k_gpu_withdrawn = {
    .id = "gpu-withdrawn",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A node's GPUs are withdrawn from scheduling",
    .why =
        "The device plugin reported GPUs as unhealthy, or stopped reporting: the kubelet "
        "subtracts them from allocatable. Pods that hold one keep it and may be failing.",
    .fix =
        "Look at the device plugin's log and at `nvidia-smi` and `dmesg | grep -i xid` on the "
        "node: an Xid error means a reset or a repair, a stopped plugin a restart of its pod.",
    .reference =
        "https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/"
        "device-plugins/#monitoring-device-plugin-resources",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
