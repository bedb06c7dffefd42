// Kubelets that have lost most of their eviction thresholds.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

struct Threshold {
  std::string_view signal;
  std::string_view value;
};
// The kubelet's defaults on Linux.
constexpr std::array<Threshold, 5> k_defaults = {{{"imagefs.available", "15%"},
                                                  {"imagefs.inodesFree", "5%"},
                                                  {"memory.available", "100Mi"},
                                                  {"nodefs.available", "10%"},
                                                  {"nodefs.inodesFree", "5%"}}};

void check(const Facts& facts, Findings& findings) {
  for (const KubeletConfiguration& kubelet : facts.operations->kubelets) {
    if (kubelet.merges_defaults || kubelet.eviction_hard.empty()) continue;
    std::vector<std::string> lost;
    std::string wanted;
    for (const Threshold& threshold : k_defaults) {
      if (std::binary_search(kubelet.eviction_hard.begin(), kubelet.eviction_hard.end(),
                             threshold.signal)) {
        continue;
      }
      lost.emplace_back(threshold.signal);
      wanted += (wanted.empty() ? "" : ", ") + std::string(threshold.signal) + ": " +
                std::string(threshold.value);
    }
    if (lost.empty()) continue;
    Finding finding;
    finding.object = kubelet.head.ref();
    finding.origin = kubelet.head.origin;
    finding.path = FieldPath() / "evictionHard";
    finding.observed = "without " + list_names(lost, k_defaults.size());
    finding.expected = "mergeDefaultEvictionSettings: true, or all five signals";
    finding.message =
        "evictionHard names some signals, which turns off " + list_names(lost, k_defaults.size());
    finding.fix =
        "Add mergeDefaultEvictionSettings: true; before Kubernetes 1.33 name the others, too: " +
        wanted;
    finding.patch = Patch{Patch::Type::merge, {{"mergeDefaultEvictionSettings", true}}};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_kubelet_eviction_partial;
constinit const Rule k_kubelet_eviction_partial = {
    .id = "kubelet-eviction-partial",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::files,
    .about = About::cluster,
    .title = "evictionHard turns off the thresholds that it does not name",
    .why =
        "As soon as one signal is named, the defaults of the others become zero. The disk fills "
        "with images of many gigabytes until the node stops working, and nothing is evicted.",
    .fix = "Set mergeDefaultEvictionSettings: true, or name all five signals.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/"
        "#hard-eviction-thresholds",
    .needs = {},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
