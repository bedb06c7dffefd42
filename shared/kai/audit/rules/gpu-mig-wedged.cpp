// A change of the MIG layout that failed, or does not come to an end.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <string>
#include <vector>

namespace kai::audit {
namespace {

// MIG manager stops the GPU's users, repartitions and starts them again: minutes, and some
// more when the node reboots.
constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 600, "so long a change of MIG may take"},
};
constexpr std::string_view k_deploy = "nvidia.com/gpu.deploy.";
constexpr std::string_view k_paused = "paused-for-mig-change";

std::vector<std::string> paused_operands(const Node& node) {
  std::vector<std::string> names;
  for (const Label* const label : node.head.labels->items()) {
    std::string_view key = label->key;
    if (!key.starts_with(k_deploy) || label->value != k_paused) continue;
    key.remove_prefix(k_deploy.size());
    names.emplace_back(key);
  }
  return names;
}

void check(const Facts& facts, Findings& findings) {
  for (const Node& node : facts.nodes) {
    const std::string_view state =
        node.head.labels->get(model::k_label_mig_state).value_or(std::string_view());
    const auto paused = paused_operands(node);
    const bool failed = state == "failed";
    const bool changing = state == "pending" || state == "rebooting";
    if (!failed && !changing && paused.empty()) continue;
    const Seconds age = node.gpu_labels_written > 0 ? facts.now - node.gpu_labels_written : -1;
    if (!failed && age >= 0 && age < facts.thresholds.of(k_thresholds[0])) continue;
    const auto config = node.head.labels->get(model::k_label_mig_config);
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    const bool by_state = failed || changing;
    const std::string label =
        by_state ? std::string(model::k_label_mig_state) : std::string(k_deploy) + paused.front();
    finding.path = FieldPath() / "metadata" / "labels" / label;
    finding.observed = label + "=" + (by_state ? std::string(state) : std::string(k_paused));
    finding.expected = by_state ? "success" : "true";
    if (by_state) {
      finding.message = "the change of MIG";
      if (config) finding.message += " to " + std::string(*config);
      finding.message += failed ? " has failed" : " is " + std::string(state);
      if (changing && age >= 0) finding.message += " for " + format_age(age);
      if (!paused.empty()) finding.message += "; still stopped for it: " + list_names(paused, 5);
    } else {
      finding.message = list_names(paused, 5) + (paused.size() == 1 ? " is" : " are") +
                        " stopped for a change of MIG that is over";
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_mig_wedged;
constinit const Rule k_gpu_mig_wedged = {
    .id = "gpu-mig-wedged",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A change of the MIG layout is stuck",
    .why =
        "For the change MIG manager stops the device plugin and the exporters of the node. They "
        "start again only when it succeeds: until then the GPUs are lost or serve an old layout.",
    .fix =
        "Read the log of the nvidia-mig-manager pod on the node: often a pod still uses a GPU, or "
        "the configuration names a profile that the GPU does not have. Drain the node, set "
        "nvidia.com/mig.config again, and set gpu.deploy.* labels that stay paused back to true.",
    .reference =
        "https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-operator-mig.html",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
