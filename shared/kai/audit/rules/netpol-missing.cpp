// Namespaces whose workloads take connections from every pod of the cluster.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/network.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace kai::audit {
namespace {

struct Workloads {
  std::set<std::string> open;
  std::int64_t all = 0;
};

// Files are a part of a cluster: they say something about a namespace that they declare or
// write policies for.
bool is_known(const Facts& facts, const PolicyIndex& policies, std::string_view ns) {
  return facts.whole_cluster() || facts.find_namespace(ns) != nullptr || !policies.of(ns).empty();
}

void check(const Facts& facts, Findings& findings) {
  const PolicyIndex policies(facts);
  std::map<std::string, Workloads> namespaces;
  facts.each_subject([&](const Subject& subject) {
    if (!is_on_pod_network(subject)) return;
    Workloads& here = namespaces[subject.ref.ns];
    ++here.all;
    const auto& of_namespace = policies.of(subject.ref.ns);
    const bool guarded =
        std::any_of(of_namespace.begin(), of_namespace.end(), [&](const NetworkPolicy* policy) {
          return policy->for_ingress && policies.selects(*policy, *subject.pod_labels);
        });
    if (!guarded) here.open.insert(subject.ref.name);
  });
  for (const auto& [name, workloads] : namespaces) {
    const Namespace* const ns = facts.find_namespace(name);
    if (workloads.open.empty() || WellKnown::get().is_system_namespace(name) ||
        has_foreign_policies(facts, name) || !is_known(facts, policies, name) ||
        (ns != nullptr && ns->terminating)) {
      continue;
    }
    Finding finding;
    finding.object = {"v1", "Namespace", "", name};
    if (ns != nullptr) finding.origin = ns->head.origin;
    finding.observed = "no NetworkPolicy for ingress";
    finding.expected = "a NetworkPolicy that selects every pod for ingress";
    const auto open = static_cast<std::int64_t>(workloads.open.size());
    const std::string names = list_names({workloads.open.begin(), workloads.open.end()});
    finding.message = open >= workloads.all
                          ? "no NetworkPolicy selects its " + count_of(open, "workload") +
                                " for ingress: " + names
                          : "NetworkPolicies leave out " + std::to_string(open) + " of " +
                                count_of(workloads.all, "workload") + ": " + names;
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_netpol_missing;
constinit const Rule k_netpol_missing = {
    .id = "netpol-missing",
    .severity = Severity::warning,
    .category = Category::network,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A namespace's workloads are open to every pod",
    .why =
        "Pods that no NetworkPolicy selects take connections from every other pod of the "
        "cluster: notebooks, inference servers and their metrics are there for any tenant.",
    .fix =
        "Create a NetworkPolicy with podSelector: {} and policyTypes: [Ingress] that admits the "
        "namespace itself (from: [{podSelector: {}}]), then one for each way in from outside.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#default-policies",
    .needs = KindSet{Kind::network_policy} | k_foreign_policies,
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
