// GPU nodes that set nothing aside for their own daemons.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

#include <array>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  static constexpr std::array<std::string_view, 2> k_resources = {"memory", "cpu"};
  for (const Node& node : facts.nodes) {
    if (!advertises_gpus(node)) continue;
    std::vector<std::string> whole;
    std::string amounts;
    for (const std::string_view resource : k_resources) {
      const model::Quantity capacity = amount_of(node.capacity, resource);
      if (capacity.is_zero() || amount_of(node.allocatable, resource) < capacity) continue;
      whole.emplace_back(resource == "cpu" ? "CPU" : "memory");
      amounts += (amounts.empty() ? "" : ", ") + std::string(resource) + " " + capacity.to_string();
    }
    if (whole.empty()) continue;
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "status" / "allocatable" / (whole[0] == "CPU" ? "cpu" : "memory");
    finding.observed = amounts + " allocatable, as much as there is";
    finding.expected = "less than the capacity";
    finding.message = "all of its " + list_names(whole) + " can be given to pods (" + amounts +
                      "): nothing is reserved";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_node_reserved_missing;
constinit const Rule k_node_reserved_missing = {
    .id = "node-reserved-missing",
    .severity = Severity::info,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A GPU node reserves no CPU or memory for itself",
    .why =
        "Pods can take all of the node from the kubelet, the container runtime and sshd. A data "
        "loader that does so makes the node NotReady, and all its GPUs with it.",
    .fix =
        "Set systemReserved and kubeReserved in the KubeletConfiguration, and leave evictionHard "
        "at its defaults.",
    .reference = "https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
