// Policies that cut everybody off from the cluster's DNS.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace kai::audit {
namespace {

constexpr std::string_view k_dns_namespace = "kube-system";

// The labels of CoreDNS' pods: those that run, those that a template gives, or the one
// that every distribution sets because the kube-dns Service selects by it.
std::vector<model::Labels> dns_pods(const Facts& facts) {
  std::vector<model::Labels> found;
  const auto add = [&](std::string_view ns, const LabelSet& labels) {
    if (ns == k_dns_namespace && labels.get("k8s-app") == "kube-dns") {
      found.push_back(labels.to_map());
    }
  };
  for (const Pod& pod : facts.pods) {
    if (!pod.finished() && !pod.spec->host_network) add(pod.ns, *pod.labels);
  }
  for (const Workload& workload : facts.workloads) add(workload.head.ns, *workload.pod_labels);
  if (found.empty() && !facts.whole_cluster()) found.push_back({{"k8s-app", "kube-dns"}});
  return found;
}

// Wide enough to hold the addresses of pods, which nothing here knows.
bool may_hold_pods(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos) return false;
  int bits = 128;
  std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  return bits <= (cidr.find(':') == std::string_view::npos ? 24 : 64);
}

// Namespaces, other than its own, whose pods ask for names. In files those that are
// declared there, and one that nobody has heard of.
std::vector<model::Labels> other_namespaces(const Facts& facts) {
  std::set<std::string_view> with_pods;
  for (const Pod& pod : facts.pods) {
    if (!pod.finished() && !pod.spec->host_network) with_pods.insert(pod.ns);
  }
  std::vector<model::Labels> found;
  for (const Namespace& ns : facts.namespaces) {
    const std::string_view name = ns.head.name;
    if (name == k_dns_namespace || (facts.whole_cluster() && !with_pods.contains(name))) continue;
    model::Labels labels = ns.head.labels->to_map();
    labels.emplace("kubernetes.io/metadata.name", name);
    found.push_back(std::move(labels));
  }
  return found;
}

enum class Admits { nobody, some, everybody };

// Whom `policies` let in to DNS together.
Admits admits(const Facts& facts, const std::vector<const NetworkPolicy*>& policies) {
  std::vector<const NetworkPolicy::Peer*> peers;
  for (const NetworkPolicy* const policy : policies) {
    for (const NetworkPolicy::Rule& rule : policy->ingress) {
      if (!rule.opens("UDP", 53, "dns")) continue;
      if (rule.peers.empty()) return Admits::everybody;
      for (const NetworkPolicy::Peer& peer : rule.peers) {
        if (may_hold_pods(peer.cidr)) return Admits::everybody;
        if (!peer.namespaces) continue;
        const bool all_pods = !peer.pods || peer.pods->empty();
        if (peer.namespaces->empty() && all_pods) return Admits::everybody;
        peers.push_back(&peer);
      }
    }
  }
  const auto let_in = [&](const model::Labels& labels) {
    return std::any_of(peers.begin(), peers.end(), [&](const NetworkPolicy::Peer* peer) {
      return peer->namespaces->matches(labels);
    });
  };
  const auto others = other_namespaces(facts);
  const auto admitted = std::count_if(others.begin(), others.end(), let_in);
  if (facts.whole_cluster()) {
    if (static_cast<std::size_t>(admitted) == others.size()) return Admits::everybody;
    return admitted == 0 ? Admits::nobody : Admits::some;
  }
  // In files other namespaces are unknown; only selectors that name kube-system itself
  // certainly shut them out.
  const bool only_own = std::all_of(peers.begin(), peers.end(), [](const auto* peer) {
    return std::any_of(
        peer->namespace_terms.begin(), peer->namespace_terms.end(), [](const SelectorTerm& term) {
          return (term.key == "kubernetes.io/metadata.name" || term.key == "name") &&
                 term.values == std::vector<std::string>{std::string(k_dns_namespace)};
        });
  });
  return only_own && admitted == 0 ? Admits::nobody : Admits::everybody;
}

void check(const Facts& facts, Findings& findings) {
  const auto pods = dns_pods(facts);
  std::vector<const NetworkPolicy*> policies;
  for (const NetworkPolicy& policy : facts.network_policies) {
    if (policy.head.ns != k_dns_namespace || !policy.for_ingress) continue;
    const bool selects = std::any_of(pods.begin(), pods.end(), [&](const model::Labels& labels) {
      return policy.pods.matches(labels);
    });
    if (selects) policies.push_back(&policy);
  }
  if (policies.empty()) return;
  const Admits who = admits(facts, policies);
  if (who == Admits::everybody) return;
  for (const NetworkPolicy* const policy : policies) {
    Finding finding;
    finding.object = policy->head.ref();
    finding.origin = policy->head.origin;
    finding.path = FieldPath() / "spec" / (policy->ingress.empty() ? "podSelector" : "ingress");
    finding.subject = "ingress";
    finding.observed = who == Admits::nobody ? "no ingress from other namespaces"
                                             : "ingress from some namespaces only";
    finding.expected = "ingress from all namespaces on UDP and TCP 53";
    finding.message = std::string("selects CoreDNS and admits ") +
                      (who == Admits::nobody ? "no other namespace" : "only some namespaces") +
                      ": the others cannot resolve names";
    finding.patch = Patch{
        Patch::Type::json,
        model::Json::array(
            {{{"op", "add"},
              {"path", policy->ingress.empty() ? "/spec/ingress" : "/spec/ingress/-"},
              {"value",
               {{"from", {{{"namespaceSelector", model::Json::object()}}}},
                {"ports",
                 {{{"port", 53}, {"protocol", "UDP"}}, {{"port", 53}, {"protocol", "TCP"}}}}}}}})};
    if (policy->ingress.empty()) {
      model::Json& value = finding.patch->body[0]["value"];
      value = model::Json::array({value});
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_netpol_cuts_cluster_dns;
constinit const Rule k_netpol_cuts_cluster_dns = {
    .id = "netpol-cuts-cluster-dns",
    .severity = Severity::error,
    .category = Category::network,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A NetworkPolicy cuts namespaces off from the cluster's DNS",
    .why =
        "A policy that selects CoreDNS denies whatever it does not allow. Every pod whose "
        "namespace is not admitted fails to resolve any name.",
    .fix =
        "Admit all namespaces (namespaceSelector: {}) on UDP and TCP 53, or leave CoreDNS out of "
        "the podSelector.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#the-two-sorts-of-pod-isolation",
    .needs = {Kind::network_policy, Kind::name_space, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
