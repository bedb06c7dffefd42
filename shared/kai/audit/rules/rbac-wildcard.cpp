// Roles that grant whatever there is or will be.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

bool has_star(const std::vector<Text>& list) {
  return std::any_of(list.begin(), list.end(), [](Text text) {
    return text == std::string_view("*") || text == std::string_view("*/*");
  });
}

// Kubernetes' own API groups; those of custom resources have a domain of their own.
bool is_kubernetes_group(std::string_view group) {
  return group == "*" || group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
}

// An operator that may do everything to the resources it defines is what operators are.
bool is_own_api(const RoleRule& rule, const std::vector<Grant>& grants) {
  return std::none_of(rule.groups.begin(), rule.groups.end(), &is_kubernetes_group) &&
         std::all_of(grants.begin(), grants.end(), [](const Grant& grant) {
           return grant.subject->kind == std::string_view("ServiceAccount");
         });
}

std::string list(const std::vector<Text>& texts) {
  std::string result;
  for (const Text text : texts) {
    result += (result.empty() ? "" : ", ") + (text.empty() ? std::string("core") : text.str());
  }
  return result;
}

void check_role(const Facts& facts, const Role& role, Findings& findings) {
  // cluster-admin has a rule of its own, and Kubernetes' other roles have no wildcards.
  if (role.bootstrap || role.head.name == std::string_view("cluster-admin")) return;
  const bool starred = std::any_of(role.rules.begin(), role.rules.end(), [](const RoleRule& rule) {
    return has_star(rule.verbs) || has_star(rule.resources);
  });
  if (!starred) return;
  const std::vector<Grant> grants = grants_of(facts, role);
  if (grants.empty()) return;
  for (const RoleRule& rule : role.rules) {
    const bool verbs = has_star(rule.verbs);
    if ((!verbs && !has_star(rule.resources)) || is_own_api(rule, grants)) continue;
    Finding finding;
    finding.object = role.head.ref();
    finding.origin = role.head.origin;
    finding.path =
        FieldPath() / "rules" / std::size_t{rule.index} / (verbs ? "verbs" : "resources");
    finding.observed = "*";
    finding.expected = verbs ? "the verbs that are needed" : "the resources that are needed";
    finding.message = "grants " + std::string(verbs ? "every verb" : list(rule.verbs)) + " on " +
                      (has_star(rule.resources) ? "every resource" : list(rule.resources)) +
                      (has_star(rule.groups) ? "" : " of " + list(rule.groups)) + " to " +
                      describe_grants(grants);
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  for (const Role& role : facts.cluster_roles) check_role(facts, role, findings);
  for (const Role& role : facts.roles) check_role(facts, role, findings);
}

}  // namespace

extern const Rule k_rbac_wildcard;
constinit const Rule k_rbac_wildcard = {
    .id = "rbac-wildcard",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A role grants every verb or every resource",
    .why =
        "A wildcard grants what exists and what will be installed later: secrets, exec into "
        "pods, and the right to give oneself more rights.",
    .fix =
        "Name the verbs and resources that are used. `kubectl auth can-i --list --as=…` shows "
        "what a subject has.",
    .reference =
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
        "#least-privilege",
    .needs = {},
    .reads = {Kind::role, Kind::role_binding, Kind::cluster_role, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
