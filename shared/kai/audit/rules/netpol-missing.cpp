// Namespaces whose workloads take connections from every pod of the cluster.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/network.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

// Of those that are open a few are named.
class Workloads {
 public:
  void add(const std::string& name, bool is_open) {
    ++m_all;
    if (!is_open) return;
    ++m_open;
    m_names.insert(name);
    if (m_names.size() > k_named + 1) m_names.erase(std::prev(m_names.end()));
  }

  [[nodiscard]] bool any_open() const { return m_open > 0; }
  [[nodiscard]] std::string message() const {
    const std::string who =
        m_open >= m_all
            ? "no NetworkPolicy selects its " + count_of(m_open, "workload") + " for ingress: "
            : "NetworkPolicies leave out " + std::to_string(m_open) + " of " +
                  count_of(m_all, "workload") + ": ";
    return who + names();
  }

 private:
  static constexpr std::size_t k_named = 3;

  [[nodiscard]] std::string names() const {
    std::vector<std::string> first(m_names.begin(), m_names.end());
    const auto more = m_open - static_cast<std::int64_t>(k_named);
    if (more <= 1) return list_names(first, k_named);
    first.resize(k_named);
    return first[0] + ", " + first[1] + ", " + first[2] + " and " + std::to_string(more) + " more";
  }

  std::set<std::string> m_names;  // the first of m_open
  std::int64_t m_open = 0;
  std::int64_t m_all = 0;
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
    const Policies selecting = policies.selecting(subject.ref.ns, *subject.pod_labels);
    const bool guarded = std::any_of(selecting.begin(), selecting.end(),
                                     [](const auto* policy) { return policy->for_ingress; });
    namespaces[subject.ref.ns].add(subject.ref.name, !guarded);
  });
  for (const auto& [name, workloads] : namespaces) {
    const Namespace* const ns = facts.find_namespace(name);
    if (!workloads.any_open() || WellKnown::get().is_system_namespace(name) ||
        has_foreign_policies(facts, name) || !is_known(facts, policies, name) ||
        (ns != nullptr && ns->terminating)) {
      continue;
    }
    Finding finding;
    finding.object = {"v1", "Namespace", "", name};
    if (ns != nullptr) finding.origin = ns->head.origin;
    finding.observed = "no NetworkPolicy for ingress";
    finding.expected = "a NetworkPolicy that selects every pod for ingress";
    finding.message = workloads.message();
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
