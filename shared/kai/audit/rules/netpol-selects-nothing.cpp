// Policies whose podSelector matches no pod.
#include <kai/audit/facts/network.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <map>
#include <set>

namespace kai::audit {
namespace {

// Somebody is perhaps just about to start what it is for.
constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 10LL * 60, "so long a new policy may select nothing"},
};

void check(const Facts& facts, Findings& findings) {
  const PolicyIndex policies(facts);
  // Pods that may come again count, too: a CronJob's, a Deployment's that is scaled to zero.
  std::map<std::string_view, std::set<const LabelSet*>> labels;
  for (const Pod& pod : facts.pods) {
    if (!policies.of(pod.ns).empty()) labels[pod.ns].insert(pod.labels);
  }
  for (const Workload& workload : facts.workloads) {
    if (!policies.of(workload.head.ns).empty()) {
      labels[workload.head.ns].insert(workload.pod_labels);
    }
  }
  std::set<const NetworkPolicy*> used;
  for (const auto& [ns, sets] : labels) {
    for (const LabelSet* const set : sets) {
      const Policies selecting = policies.selecting(ns, *set);
      used.insert(selecting.begin(), selecting.end());
    }
  }
  for (const NetworkPolicy& policy : facts.network_policies) {
    // What an operator or a system component keeps is not a person's to tidy up.
    if (policy.pods.empty() || policy.head.owned || policy.head.deleting ||
        WellKnown::get().is_system_namespace(policy.head.ns) ||
        (policy.head.created != 0 &&
         facts.now - policy.head.created < facts.thresholds.of(k_thresholds[0]))) {
      continue;
    }
    if (used.contains(&policy)) continue;
    Finding finding;
    finding.object = policy.head.ref();
    finding.origin = policy.head.origin;
    finding.path = FieldPath() / "spec" / "podSelector";
    finding.observed = policy.pods.to_string();
    finding.expected = "labels of pods of the namespace";
    finding.message = "podSelector " + policy.pods.to_string() + " matches no pod";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_netpol_selects_nothing;
constinit const Rule k_netpol_selects_nothing = {
    .id = "netpol-selects-nothing",
    .severity = Severity::info,
    .category = Category::network,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A NetworkPolicy selects no pod",
    .why =
        "It protects nothing. Often its labels have a typo or were renamed, and the pods that it "
        "was written for are open.",
    .fix = "Correct spec.podSelector (kubectl get pods --show-labels), or delete the policy.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#networkpolicy-resource",
    .needs = KindSet{Kind::network_policy} | k_workload_kinds,
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
