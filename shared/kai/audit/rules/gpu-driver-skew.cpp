// Nodes with the same GPUs and different drivers, and runtimes that their driver cannot serve.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

// Of the first label that is there: GPU feature discovery has renamed them. 0: none.
int number_of(const Node& node, std::initializer_list<std::string_view> labels) {
  for (const std::string_view label : labels) {
    const auto text = node.head.labels->get(label);
    if (!text) continue;
    int number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    return error == std::errc() && number > 0 ? number : 0;
  }
  return 0;
}

int driver_of(const Node& node) {
  return number_of(node, {"nvidia.com/cuda.driver-version.major", "nvidia.com/cuda.driver.major"});
}

// Without the marks of sharing and of the MIG strategy single.
std::string product_of(const Node& node) {
  const auto label = node.head.labels->get(model::k_label_gpu_product);
  if (!label) return {};
  std::string product = model::short_product(*label);
  return product.substr(0, product.find("-MIG-"));
}

Finding finding_on(const Node& node) {
  Finding finding;
  finding.object = node.head.ref();
  finding.origin = node.head.origin;
  const std::string_view label = node.head.labels->has("nvidia.com/cuda.driver-version.major")
                                     ? "nvidia.com/cuda.driver-version.major"
                                     : "nvidia.com/cuda.driver.major";
  finding.path = FieldPath() / "metadata" / "labels" / label;
  return finding;
}

void check(const Facts& facts, Findings& findings) {
  struct Group {
    int newest = 0;
    std::vector<std::string> nodes;  // with the newest
    bool changing = false;
  };
  std::map<std::string, Group> groups;
  for (const Node& node : facts.nodes) {
    const int driver = driver_of(node);
    const std::string product = product_of(node);
    if (driver == 0 || product.empty()) continue;
    Group& group = groups[product];
    const auto state = node.head.labels->get("nvidia.com/gpu-driver-upgrade-state");
    group.changing =
        group.changing || driver_is_changing(node) || (state && *state == "upgrade-required");
    if (driver > group.newest) {
      group.newest = driver;
      group.nodes.clear();
    }
    if (driver == group.newest) group.nodes.push_back(node.name().str());
  }
  for (const Node& node : facts.nodes) {
    const int driver = driver_of(node);
    if (driver == 0) continue;
    const auto found = groups.find(product_of(node));
    // During an upgrade nodes differ.
    if (found != groups.end() && driver < found->second.newest && !found->second.changing) {
      Finding finding = finding_on(node);
      finding.subject = "driver";
      finding.observed = std::to_string(driver);
      finding.expected = std::to_string(found->second.newest);
      finding.message = "driver " + finding.observed + ", but " + finding.expected + " on " +
                        list_names(found->second.nodes) + " with the same GPU, " + found->first;
      findings.add(std::move(finding));
    }
    const int cuda =
        number_of(node, {"nvidia.com/cuda.runtime-version.major", "nvidia.com/cuda.runtime.major"});
    const int least = GpuStack::get().least_driver(cuda);
    if (least > driver) {
      Finding finding = finding_on(node);
      finding.subject = "runtime";
      finding.observed = "driver " + std::to_string(driver);
      finding.expected = "driver " + std::to_string(least) + " or newer";
      finding.message = "CUDA runtime " + std::to_string(cuda) + " with driver " +
                        std::to_string(driver) + ", which is too old for it";
      finding.fix = "Upgrade the driver to " + std::to_string(least) +
                    " or newer, or go back to a runtime of its own CUDA version";
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_gpu_driver_skew;
constinit const Rule k_gpu_driver_skew = {
    .id = "gpu-driver-skew",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A driver is older than that of like nodes, or than its CUDA runtime needs",
    .why =
        "A job runs on one node and fails on the next: what CUDA version an image may use is "
        "decided by the driver. Jobs over several nodes fail in NCCL.",
    .fix =
        "Bring the nodes to one driver branch: with the GPU Operator by the driver version of its "
        "ClusterPolicy, else by the packages of the hosts.",
    .reference =
        "https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
