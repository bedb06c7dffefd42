// A driver upgrade by the GPU Operator that failed or stands still.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

constexpr std::string_view k_state = "nvidia.com/gpu-driver-upgrade-state";
// Pulling a driver image, compiling modules and draining take minutes each. Where the
// operator was told to wait for jobs, a day of an idle, cordoned node is worth a word.
constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 3600, "so long a step may take"},
    {"jobs", Threshold::Unit::seconds, 86400, "so long it may wait for jobs"},
};

Seconds patience_in(std::string_view state, const Facts& facts) {
  return facts.thresholds.of(k_thresholds[state == "wait-for-jobs-required" ? 1 : 0]);
}

void check(const Facts& facts, Findings& findings) {
  // Nodes wait for their turn while others are upgraded.
  const bool under_way = std::any_of(facts.nodes.begin(), facts.nodes.end(), &driver_is_changing);
  for (const Node& node : facts.nodes) {
    const std::string_view state = node.head.labels->get(k_state).value_or(std::string_view());
    if (state.empty() || state == "upgrade-done") continue;
    const bool failed = state == "upgrade-failed";
    const Seconds age = node.gpu_labels_written > 0 ? facts.now - node.gpu_labels_written : 0;
    if (!failed) {
      if (state == "upgrade-required" && under_way) continue;
      // Without a time there is no telling that it stands still.
      if (age <= patience_in(state, facts)) continue;
    }
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "metadata" / "labels" / k_state;
    finding.observed = std::string(state);
    finding.expected = "upgrade-done";
    finding.message =
        failed ? "the driver upgrade has failed"
               : "the driver upgrade stands at " + std::string(state) + " for " + format_age(age);
    if (node.unschedulable) {
      const std::int64_t gpus = gpu_count(node.capacity);
      finding.message += "; the node is cordoned";
      if (gpus > 0) finding.message += " with " + count_of(gpus, "GPU");
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_driver_upgrade_stuck;
constinit const Rule k_gpu_driver_upgrade_stuck = {
    .id = "gpu-driver-upgrade-stuck",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A driver upgrade failed or stands still",
    .why =
        "The GPU Operator upgrades few nodes at a time. One that is stuck stays cordoned, and all "
        "those behind it keep the old driver.",
    .fix =
        "Look at the operator's log and at the nvidia-driver-daemonset pod on the node: usually a "
        "pod that cannot be evicted, or a module in use. When it is settled, set the label "
        "nvidia.com/gpu-driver-upgrade-state to upgrade-required to try again.",
    .reference =
        "https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/"
        "gpu-driver-upgrades.html",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
