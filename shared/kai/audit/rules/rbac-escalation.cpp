// Roles by which a subject can get at more than the role says.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/abilities.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

struct Power {
  std::string_view what;
  std::string_view consequence;
};

// The first such power of a rule. Wildcards are rbac-wildcard's: they are not asked about
// twice.
std::optional<Power> power_of(const RoleRule& rule, bool everywhere) {
  using model::Ability;
  if (model::has_or_all(rule.verbs, "*") || model::has_or_all(rule.resources, "*")) {
    return std::nullopt;
  }
  const auto gives = [&](Ability ability) { return model::gives(rule, rule.named, ability, true); };
  if (gives(Ability::escalate)) return Power{"escalate", "may write roles with any right"};
  if (gives(Ability::bind)) return Power{"bind", "may bind any role, cluster-admin too"};
  if (gives(Ability::impersonate)) return Power{"impersonate", "may act as anybody"};
  if (gives(Ability::node_proxy)) {
    return Power{"nodes/proxy",
                 "may run commands in every pod through the kubelets, unseen by "
                 "admission and audit logs"};
  }
  if (everywhere && gives(Ability::secrets)) {
    return Power{"secrets", "may read every secret of the cluster, tokens of administrators too"};
  }
  const bool execs = model::covers_resource(rule, "create", "", "pods", "exec") ||
                     model::covers_resource(rule, "get", "", "pods", "exec");
  if (execs) {
    return Power{"pods/exec",
                 everywhere ? "may run commands in every pod, with its secrets and service account"
                            : "may run commands in the namespace's pods, with their secrets and "
                              "service accounts"};
  }
  return std::nullopt;
}

void check_role(const Facts& facts, const Role& role, Findings& findings) {
  // Kubernetes' own (admin, edit) have such rights on purpose.
  if (role.bootstrap || role.rules.empty()) return;
  std::optional<std::vector<Grant>> grants;
  for (const RoleRule& rule : role.rules) {
    if (!power_of(rule, true)) continue;
    if (!grants) grants = grants_of(facts, role);
    const bool everywhere = std::any_of(grants->begin(), grants->end(), [](const Grant& grant) {
      return grant.binding->cluster_wide();
    });
    const auto power = power_of(rule, everywhere);
    if (grants->empty() || !power) continue;
    std::vector<Grant> concerned = *grants;
    // Through a RoleBinding a ClusterRole gives no secrets of other namespaces.
    if (power->what == "secrets") {
      std::erase_if(concerned, [](const Grant& grant) { return !grant.binding->cluster_wide(); });
    }
    Finding finding;
    finding.object = role.head.ref();
    finding.origin = role.head.origin;
    finding.path = FieldPath() / "rules" / std::size_t{rule.index};
    finding.subject = std::string(power->what);
    finding.observed = std::string(power->what);
    finding.expected = "no such right";
    finding.message = describe_grants(concerned) + " " + std::string(power->consequence);
    findings.add(std::move(finding));
  }
}

// The rights of Kubernetes' own roles are known without reading them.
void check_binding(const RoleBinding& binding, Findings& findings) {
  const std::string_view role = binding.role_name;
  if (role != "admin" && role != "edit") return;
  for (const RoleSubject& subject : binding.subjects) {
    if (is_system_subject(subject)) continue;
    Finding finding;
    finding.object = binding.head.ref();
    finding.origin = binding.head.origin;
    finding.path = FieldPath() / "subjects" / std::size_t{subject.index};
    finding.subject = subject.to_string();
    finding.observed = "ClusterRole " + std::string(role) + " in every namespace";
    finding.expected = "a RoleBinding in its own namespaces";
    finding.message = subject.to_string() +
                      " may read every secret and run commands in every pod of the cluster (" +
                      std::string(role) + ")";
    finding.fix = "Bind " + std::string(role) + " by RoleBindings in its own namespaces";
    finding.patch = remove_subject(subject);
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  for (const Role& role : facts.cluster_roles) check_role(facts, role, findings);
  for (const Role& role : facts.roles) check_role(facts, role, findings);
  for (const RoleBinding& binding : facts.cluster_role_bindings) check_binding(binding, findings);
}

}  // namespace

extern const Rule k_rbac_escalation;
constinit const Rule k_rbac_escalation = {
    .id = "rbac-escalation",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A role lets its subjects get at more than it grants",
    .why =
        "Each of these rights leads to others: to write or bind roles, to act as somebody else, "
        "to run commands where other people's tokens are.",
    .fix =
        "Take the right out of the role, or bind it only where it is needed: resourceNames for "
        "bind and impersonate, nodes/metrics or nodes/stats instead of nodes/proxy, a Role "
        "instead of a ClusterRole for secrets.",
    .reference =
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
        "#privilege-escalation-risks",
    .needs = {},
    .reads = {Kind::role, Kind::role_binding, Kind::cluster_role, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
