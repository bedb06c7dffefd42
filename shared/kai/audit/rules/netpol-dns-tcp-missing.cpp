// Policies that open DNS over UDP and forget TCP.
#include <kai/audit/facts/network.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

constexpr int k_dns = 53;

// The rule names DNS over UDP, by its port or by the name that CoreDNS gives it.
bool names_udp_dns(const NetworkPolicy::Rule& rule) {
  return std::any_of(rule.ports.begin(), rule.ports.end(), [](const NetworkPolicy::Port& port) {
    return (port.number || !port.name.empty()) && port.covers("UDP", k_dns, "dns");
  });
}

bool opens_tcp_dns(const NetworkPolicy& policy) {
  return std::any_of(
      policy.egress.begin(), policy.egress.end(),
      [](const NetworkPolicy::Rule& rule) { return rule.opens("TCP", k_dns, "dns-tcp"); });
}

// Policies add up: another one of the namespace may open it for the same pods.
bool opened_elsewhere(const PolicyIndex& policies, const NetworkPolicy& policy) {
  const Policies alike = policies.selecting_alike(policy);
  return std::any_of(alike.begin(), alike.end(), [](const NetworkPolicy* other) {
    return other->for_egress && opens_tcp_dns(*other);
  });
}

void check(const Facts& facts, Findings& findings) {
  const PolicyIndex policies(facts);
  for (const NetworkPolicy& policy : facts.network_policies) {
    if (!policy.for_egress || opens_tcp_dns(policy)) continue;
    const auto rule = std::find_if(policy.egress.begin(), policy.egress.end(), names_udp_dns);
    if (rule == policy.egress.end() || opened_elsewhere(policies, policy)) continue;
    const auto index = static_cast<std::size_t>(rule - policy.egress.begin());
    Finding finding;
    finding.object = policy.head.ref();
    finding.origin = policy.head.origin;
    finding.path = FieldPath() / "spec" / "egress" / index / "ports";
    finding.subject = "egress";
    finding.observed = "UDP 53";
    finding.expected = "UDP 53 and TCP 53";
    finding.message = "egress opens DNS over UDP and not over TCP";
    finding.patch =
        Patch{Patch::Type::json,
              model::Json::array({{{"op", "add"},
                                   {"path", finding.path.pointer() + "/-"},
                                   {"value", {{"port", k_dns}, {"protocol", "TCP"}}}}})};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_netpol_dns_tcp_missing;
constinit const Rule k_netpol_dns_tcp_missing = {
    .id = "netpol-dns-tcp-missing",
    .severity = Severity::warning,
    .category = Category::network,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A NetworkPolicy opens DNS over UDP only",
    .why =
        "Answers that do not fit a UDP packet are asked for again over TCP. Names with many "
        "addresses, such as headless services of large jobs, then fail to resolve.",
    .fix = "Add port 53 with protocol TCP beside the one with UDP.",
    .reference = "https://www.rfc-editor.org/rfc/rfc7766",
    .needs = {Kind::network_policy},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
