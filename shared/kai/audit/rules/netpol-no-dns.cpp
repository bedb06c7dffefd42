// Pods that may talk to somebody, but not ask for names.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/network.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

namespace kai::audit {
namespace {

constexpr std::array<std::string_view, 2> k_dns_namespaces = {"kube-system", "openshift-dns"};

// Wide enough to hold the addresses of the cluster's DNS, which nothing here knows.
bool may_hold_dns(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos) return false;
  int bits = 128;
  std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  return bits <= (cidr.find(':') == std::string_view::npos ? 24 : 112);
}

bool selects_dns_namespace(const Facts& facts, const model::LabelSelector& selector) {
  return std::any_of(k_dns_namespaces.begin(), k_dns_namespaces.end(), [&](std::string_view name) {
    model::Labels labels;
    if (const Namespace* found = facts.find_namespace(name)) {
      labels = found->head.labels->to_map();
    } else if (facts.whole_cluster()) {
      return false;
    }
    labels.emplace("kubernetes.io/metadata.name", name);
    return selector.matches(labels);
  });
}

// In files, labels of namespaces that were not read may be anything.
bool may_reach_dns(const Facts& facts, const NetworkPolicy::Peer& peer) {
  if (!peer.cidr.empty()) return may_hold_dns(peer.cidr);
  if (!peer.namespaces) return false;  // pods of the policy's own namespace
  if (selects_dns_namespace(facts, *peer.namespaces)) return true;
  if (facts.whole_cluster()) return false;
  return std::none_of(peer.namespace_terms.begin(), peer.namespace_terms.end(),
                      [](const SelectorTerm& term) {
                        return term.key == "kubernetes.io/metadata.name" || term.key == "name";
                      });
}

// A rule that names port 53 is about DNS, wherever that runs (a cache on the node has an
// address of its own); one that opens every port must reach it.
bool opens_dns(const Facts& facts, const NetworkPolicy::Rule& rule) {
  const bool named =
      std::any_of(rule.ports.begin(), rule.ports.end(), [](const NetworkPolicy::Port& port) {
        return (port.number == 53 || port.name == "dns") && port.covers("UDP", 53, "dns");
      });
  if (named || (rule.peers.empty() && rule.opens("UDP", 53, "dns"))) return true;
  return rule.opens("UDP", 53, "dns") &&
         std::any_of(rule.peers.begin(), rule.peers.end(),
                     [&](const auto& peer) { return may_reach_dns(facts, peer); });
}

bool opens_dns(const Facts& facts, const NetworkPolicy& policy) {
  return std::any_of(policy.egress.begin(), policy.egress.end(),
                     [&](const auto& rule) { return opens_dns(facts, rule); });
}

bool any_opens_dns(const Facts& facts, const Policies& policies) {
  return std::any_of(policies.begin(), policies.end(),
                     [&](const NetworkPolicy* policy) { return opens_dns(facts, *policy); });
}

void report(const NetworkPolicy& policy, const std::set<std::string>& workloads,
            Findings& findings) {
  const bool closed = policy.egress.empty();
  Finding finding;
  finding.object = policy.head.ref();
  finding.origin = policy.head.origin;
  finding.path = closed ? FieldPath() / "spec" / "policyTypes" : FieldPath() / "spec" / "egress";
  finding.subject = "dns";
  finding.observed = closed ? "no egress at all" : "egress without port 53";
  finding.expected = "egress to UDP and TCP 53";
  finding.message = "restricts egress and does not open DNS";
  if (!workloads.empty()) {
    finding.message = list_names({workloads.begin(), workloads.end()}) +
                      " cannot resolve names: no policy that selects " +
                      (workloads.size() == 1 ? "it" : "them") + " opens DNS";
  }
  model::Json rule = {
      {"to",
       {{{"namespaceSelector",
          {{"matchLabels", {{"kubernetes.io/metadata.name", "kube-system"}}}}}}}},
      {"ports", {{{"port", 53}, {"protocol", "UDP"}}, {{"port", 53}, {"protocol", "TCP"}}}}};
  if (closed) rule = model::Json::array({std::move(rule)});
  finding.patch = Patch{Patch::Type::json,
                        model::Json::array({{{"op", "add"},
                                             {"path", closed ? "/spec/egress" : "/spec/egress/-"},
                                             {"value", std::move(rule)}}})};
  findings.add(std::move(finding));
}

void check(const Facts& facts, Findings& findings) {
  const PolicyIndex policies(facts);
  // Each workload that is cut off counts for one policy: the last that lets it talk to
  // somebody, or else the first that does not.
  std::map<const NetworkPolicy*, std::set<std::string>> cut_off;
  std::set<const NetworkPolicy*> selecting;
  facts.each_subject([&](const Subject& subject) {
    if (!is_on_pod_network(subject)) return;
    Policies restricting = policies.selecting(subject.ref.ns, *subject.pod_labels);
    std::erase_if(restricting, [](const auto* policy) { return !policy->for_egress; });
    selecting.insert(restricting.begin(), restricting.end());
    if (restricting.empty() || any_opens_dns(facts, restricting)) return;
    const auto open = std::find_if(restricting.rbegin(), restricting.rend(),
                                   [](const auto* policy) { return !policy->egress.empty(); });
    cut_off[open == restricting.rend() ? restricting.front() : *open].insert(subject.ref.name);
  });
  for (const NetworkPolicy& policy : facts.network_policies) {
    if (WellKnown::get().is_system_namespace(policy.head.ns) ||
        has_foreign_policies(facts, policy.head.ns)) {
      continue;
    }
    if (const auto found = cut_off.find(&policy); found != cut_off.end()) {
      report(policy, found->second, findings);
      continue;
    }
    // Files may hold a policy without the pods that it selects. One that opens something
    // is meant for pods at work; one that only closes may have its counterpart elsewhere.
    if (facts.whole_cluster() || !policy.for_egress || policy.egress.empty() ||
        selecting.contains(&policy)) {
      continue;
    }
    Policies together = policies.selecting_alike(policy);
    std::erase_if(together, [](const auto* other) { return !other->for_egress; });
    if (!any_opens_dns(facts, together)) report(policy, {}, findings);
  }
}

}  // namespace

extern const Rule k_netpol_no_dns;
constinit const Rule k_netpol_no_dns = {
    .id = "netpol-no-dns",
    .severity = Severity::error,
    .category = Category::network,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A NetworkPolicy restricts egress and leaves DNS closed",
    .why =
        "A pod that is selected for egress reaches only what policies open. Without DNS every "
        "name fails to resolve, so what was opened cannot be found either.",
    .fix =
        "Allow egress to UDP and TCP 53 of kube-system (or of a DNS cache on the nodes) in a "
        "policy that selects the same pods.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#default-deny-all-egress-traffic",
    .needs = KindSet{Kind::network_policy} | k_foreign_policies,
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
