// Free GPUs that no pod can use: the CPU or memory beside them is asked for.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/stranded.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const StrandedNode& entry : stranded_nodes(facts)) {
    const bool cpu =
        entry.left.milli_cpu / entry.needed.milli_cpu <= entry.left.memory / entry.needed.memory;
    Finding finding;
    finding.object = entry.node->head.ref();
    finding.origin = entry.node->head.origin;
    finding.path = FieldPath() / "status" / "allocatable" / (cpu ? "cpu" : "memory");
    finding.observed = to_string(entry.left) + " left";
    finding.expected = to_string(entry.needed) + " for each free GPU";
    finding.message = std::to_string(entry.stranded) + " of " + count_of(entry.free, "free GPU") +
                      " cannot be used: " + to_string(entry.left) +
                      " left, and the least that a GPU pod here asks for is " +
                      to_string(entry.needed) + " a GPU";
    if (entry.without_cpu_pods < entry.stranded) {
      finding.fix = "Move pods that need no GPU to other nodes: gpu-node-cpu-pods names them";
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_stranded;
constinit const Rule k_gpu_stranded = {
    .id = "gpu-stranded",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "Free GPUs cannot be used for want of CPU or memory",
    .why =
        "The scheduler places a pod only where all it asks for is free. GPUs without CPU and "
        "memory beside them look free in every list and stay idle.",
    .fix =
        "Ask for no more CPU and memory a GPU than the node has a GPU, and keep pods without GPUs "
        "off GPU nodes.",
    .reference =
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
        "#how-pods-with-resource-requests-are-scheduled",
    .needs = {Kind::node, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
