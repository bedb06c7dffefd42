// Pods without a GPU that take from a GPU node what its GPUs need.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/stranded.hpp>
#include <kai/audit/rule.hpp>

#include <string>
#include <vector>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const StrandedNode& entry : stranded_nodes(facts)) {
    const std::int64_t regained = entry.stranded - entry.without_cpu_pods;
    if (regained <= 0) continue;
    std::vector<std::string> names;
    for (const Pod* const pod : entry.pods) names.push_back(pod->ns.str() + "/" + pod->name.str());
    Finding finding;
    finding.object = entry.node->head.ref();
    finding.origin = entry.node->head.origin;
    finding.path = FieldPath() / "spec" / "taints";
    const auto count = static_cast<std::int64_t>(names.size());
    finding.observed = count_of(count, "CPU-only pod") + " with " + to_string(entry.cpu_pods);
    finding.expected = "pods that use GPUs";
    finding.message = count_of(count, "CPU-only pod") + (count == 1 ? " holds " : " hold ") +
                      to_string(entry.cpu_pods) + "; without " + (count == 1 ? "it " : "them ") +
                      count_of(regained, "more GPU") + " could be used: " + list_names(names);
    if (const auto taints = lasting_taints(*entry.node); !taints.empty()) {
      finding.fix = "Take the toleration of " + taints.front().to_string() +
                    " from pods that need no GPU: they find a place on other nodes";
    } else {
      finding.fix = "Taint the node with kubectl ai gpu setup " + entry.node->name().str() +
                    " and restart these pods: they find a place on other nodes";
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_node_cpu_pods;
constinit const Rule k_gpu_node_cpu_pods = {
    .id = "gpu-node-cpu-pods",
    .severity = Severity::info,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "CPU-only pods keep GPUs of their node from being used",
    .why =
        "They could run anywhere; GPU pods cannot. What they ask for beside free GPUs is missing "
        "when a GPU pod looks for a place.",
    .fix =
        "Taint the node and restart these pods, or take their toleration of its taint: they find a "
        "place on other nodes.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"
        "#example-use-cases",
    .needs = {Kind::node, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
