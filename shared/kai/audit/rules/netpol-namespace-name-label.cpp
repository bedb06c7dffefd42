// NetworkPolicies that look for namespaces by a label that no namespace has.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";

// Namespaces that every cluster has and that nobody labels by default.
bool is_default_namespace(std::string_view name) {
  static constexpr std::array<std::string_view, 4> k_names = {"default", "kube-system",
                                                              "kube-public", "kube-node-lease"};
  return std::find(k_names.begin(), k_names.end(), name) != k_names.end();
}

bool carried(const Facts& facts, const std::string& value) {
  return std::any_of(facts.namespaces.begin(), facts.namespaces.end(),
                     [&](const Namespace& ns) { return ns.head.labels->get("name") == value; });
}

// Whether it is known that no namespace has `name: value`.
bool known_absent(const Facts& facts, const std::string& value) {
  if (carried(facts, value)) return false;
  return facts.whole_cluster() || is_default_namespace(value) ||
         facts.find_namespace(value) != nullptr;
}

void report(const NetworkPolicy& policy, const SelectorTerm& term, const FieldPath& selector,
            Findings& findings) {
  Finding finding;
  finding.object = policy.head.ref();
  finding.origin = policy.head.origin;
  finding.path = selector / term.path;
  std::string values;
  for (const std::string& value : term.values) values += (values.empty() ? "" : ", ") + value;
  finding.observed = "name: " + values;
  finding.expected = std::string(k_name_label) + ": " + values;
  finding.message = "namespaceSelector name: " + values + " matches no namespace";
  finding.subject = selector.pointer();
  model::Json steps = model::Json::array();
  if (term.path.parent() == FieldPath() / "matchLabels") {
    steps.push_back({{"op", "remove"}, {"path", finding.path.pointer()}});
    steps.push_back({{"op", "add"},
                     {"path", (finding.path.parent() / k_name_label).pointer()},
                     {"value", term.values.front()}});
  } else {
    steps.push_back({{"op", "replace"},
                     {"path", (finding.path / "key").pointer()},
                     {"value", std::string(k_name_label)}});
  }
  finding.patch = Patch{Patch::Type::json, std::move(steps)};
  findings.add(std::move(finding));
}

void check_rules(const Facts& facts, const NetworkPolicy& policy,
                 const std::vector<NetworkPolicy::Rule>& rules, const FieldPath& path,
                 std::string_view peers, Findings& findings) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < rules[i].peers.size(); ++j) {
      for (const SelectorTerm& term : rules[i].peers[j].namespace_terms) {
        if (term.key != "name" || term.values.empty()) continue;
        const bool absent =
            std::all_of(term.values.begin(), term.values.end(),
                        [&](const std::string& value) { return known_absent(facts, value); });
        if (absent) report(policy, term, path / i / peers / j / "namespaceSelector", findings);
      }
    }
  }
}

void check(const Facts& facts, Findings& findings) {
  const FieldPath spec = FieldPath() / "spec";
  for (const NetworkPolicy& policy : facts.network_policies) {
    check_rules(facts, policy, policy.ingress, spec / "ingress", "from", findings);
    check_rules(facts, policy, policy.egress, spec / "egress", "to", findings);
  }
}

}  // namespace

extern const Rule k_netpol_namespace_name_label;
constinit const Rule k_netpol_namespace_name_label = {
    .id = "netpol-namespace-name-label",
    .severity = Severity::error,
    .category = Category::network,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A NetworkPolicy selects namespaces by a label that none has",
    .why = "The rule lets nobody through: what it was written to allow is cut off, silently.",
    .fix = "Select by kubernetes.io/metadata.name, which the API server sets on every namespace.",
    .reference =
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
        "#targeting-a-namespace-by-its-name",
    .needs = {Kind::network_policy, Kind::name_space},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
