// GPU nodes that take no pods.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <charconv>

namespace kai::audit {
namespace {

// What the node advertises, or what discovery had counted before it went away.
std::int64_t gpus_of(const Node& node) {
  if (const std::int64_t advertised = gpu_count(node.capacity); advertised > 0) return advertised;
  std::int64_t counted = 0;
  if (const auto label = node.head.labels->get(model::k_label_gpu_count)) {
    std::from_chars(label->data(), label->data() + label->size(), counted);
  }
  return counted;
}

void check(const Facts& facts, Findings& findings) {
  for (const Node& node : facts.nodes) {
    if (!is_gpu_node(node) || node.usable()) continue;
    const std::int64_t gpus = gpus_of(node);
    const std::string lost = gpus > 0 ? count_of(gpus, "GPU") + " lost" : "its GPUs are lost";
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    if (!node.ready()) {
      finding.path = FieldPath() / "status" / "conditions";
      finding.observed =
          "Ready is " + (node.ready_status.empty() ? "not reported" : node.ready_status.str());
      finding.expected = "Ready is True";
      finding.message = "NotReady";
      if (node.ready_since > 0 && facts.now > node.ready_since) {
        finding.message += " for " + format_age(facts.now - node.ready_since);
      }
      if (!node.ready_reason.empty()) finding.message += " (" + node.ready_reason.str() + ")";
      finding.message += ": " + lost;
      finding.fix =
          "Start with the kubelet's log on " + node.name().str() + ": journalctl -u kubelet";
    } else {
      finding.path = FieldPath() / "spec" / "unschedulable";
      finding.observed = "true";
      finding.expected = "unset";
      finding.message = "cordoned: " + lost + " to new pods";
      finding.fix = "kubectl uncordon " + node.name().str() + " when its maintenance is over";
      finding.patch = Patch{Patch::Type::merge, {{"spec", {{"unschedulable", nullptr}}}}};
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_node_lost;
constinit const Rule k_gpu_node_lost = {
    .id = "gpu-node-lost",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A GPU node takes no pods",
    .why =
        "A node that is NotReady or cordoned keeps its GPUs from everybody, and nothing else "
        "counts them as missing.",
    .fix = "Bring the kubelet back, or uncordon the node when its maintenance is over.",
    .reference = "https://kubernetes.io/docs/concepts/architecture/nodes/#condition",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
