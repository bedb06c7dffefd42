// Pods by which somebody looked into a node, and that are still there.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/security_table.hpp>

namespace kai::audit {
namespace {

// Somebody may still be reading the output of a pod that ended, or at work in one that
// runs.
constexpr Threshold k_thresholds[] = {
    {"finished", Threshold::Unit::seconds, 10LL * 60, "so long a pod that ended may stay"},
    {"running", Threshold::Unit::seconds, 4LL * 60 * 60, "so long a pod may run"},
};

bool has_label(const LabelSet& labels, std::string_view label) {
  const std::size_t equals = label.find('=');
  return labels.get(label.substr(0, equals)) == label.substr(equals + 1);
}

bool is_debug_pod(const Pod& pod, const DebugPods& about) {
  return pod.name.view().starts_with(about.name_prefix) &&
         (about.label.empty() || has_label(*pod.labels, about.label)) &&
         (!about.host_pid || pod.spec->host_pid);
}

void check(const Facts& facts, Findings& findings) {
  for (const Pod& pod : facts.pods) {
    if (pod.owner != nullptr || pod.deleting || pod.is_static || pod.created == 0) continue;
    const Seconds age = facts.now - pod.created;
    if (age < facts.thresholds.of(k_thresholds[pod.finished() ? 0 : 1])) continue;
    for (const DebugPods& about : SecurityTable::get().debug_pods()) {
      if (!is_debug_pod(pod, about)) continue;
      Finding finding;
      finding.object = pod.ref();
      finding.origin = pod.origin;
      finding.observed = pod.finished() ? "a finished pod" : "a running pod";
      finding.expected = "no such pod";
      finding.message = "left behind by " + about.tool +
                        (pod.node.empty() ? "" : " on " + pod.node.str()) + ": " +
                        (pod.finished() ? "it has ended and" : "it runs and") +
                        " has been there for " + format_age(age);
      finding.fix = "kubectl delete pod " + pod.name.str() + " -n " + pod.ns.str();
      findings.add(std::move(finding));
      break;
    }
  }
}

}  // namespace

extern const Rule k_debug_pod_leftover;
constinit const Rule k_debug_pod_leftover = {
    .id = "debug-pod-leftover",
    .severity = Severity::warning,
    .category = Category::security,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A debug pod of a node was left behind",
    .why =
        "One that runs is a root shell on its node for whoever may exec into the namespace. One "
        "that ended keeps its log and its name, and is taken for somebody's work.",
    .fix = "Delete the pod. `kubectl debug node` never does so itself.",
    .reference = "https://kubernetes.io/docs/tasks/debug/debug-cluster/kubectl-node-debug/",
    .needs = {Kind::pod},
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
