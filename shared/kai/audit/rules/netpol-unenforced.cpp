// NetworkPolicies that nothing enforces.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/security_table.hpp>

#include <set>

namespace kai::audit {
namespace {

// The network plugin that was found, unless something that enforces policies runs as well.
// What has no pods (the plugins of some clouds, k3s) cannot be seen: nothing is said then.
std::string_view plugin_without_policies(const Facts& facts) {
  const SecurityTable& table = SecurityTable::get();
  std::string_view plugin;
  std::set<const PodTemplate*> seen;
  for (const Pod& pod : facts.pods) {
    if (pod.finished() || !seen.insert(pod.spec).second) continue;
    for (const Container& container : pod.spec->containers) {
      if (table.enforces_policies(container.image)) return {};
      if (plugin.empty()) plugin = table.ignores_policies(container.image);
    }
  }
  return plugin;
}

void check(const Facts& facts, Findings& findings) {
  if (facts.network_policies.empty()) return;
  const std::string_view plugin = plugin_without_policies(facts);
  if (plugin.empty()) return;
  // One finding for each namespace that relies on them.
  std::string_view ns;
  for (std::size_t i = 0; i < facts.network_policies.size(); ++i) {
    const NetworkPolicy& policy = facts.network_policies[i];
    if (i > 0 && policy.head.ns == ns) continue;
    ns = policy.head.ns;
    std::vector<std::string> names;
    for (std::size_t j = i; j < facts.network_policies.size(); ++j) {
      if (facts.network_policies[j].head.ns != ns) break;
      names.push_back(facts.network_policies[j].head.name.str());
    }
    Finding finding;
    finding.object = {"v1", "Namespace", "", std::string(ns)};
    if (const Namespace* found = facts.find_namespace(ns)) finding.origin = found->head.origin;
    finding.observed = std::string(plugin);
    finding.expected = "a network plugin that enforces NetworkPolicies";
    finding.message = list_names(names) + (names.size() == 1 ? " has" : " have") +
                      " no effect: the cluster runs " + std::string(plugin) +
                      ", which does not enforce NetworkPolicies";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_netpol_unenforced;
constinit const Rule k_netpol_unenforced = {
    .id = "netpol-unenforced",
    .severity = Severity::warning,
    .category = Category::network,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "NetworkPolicies exist and nothing enforces them",
    .why =
        "The API server takes every policy, and the network plugin is what acts on it. One that "
        "does not leaves all pods open, while the policies say otherwise.",
    .fix =
        "Run an enforcer beside the plugin (kube-network-policies, Calico's policy-only mode, "
        "the policy agent of the Amazon VPC CNI), or change to a plugin that enforces them.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#prerequisites",
    .needs = {Kind::network_policy, Kind::pod},
    .reads = {Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
