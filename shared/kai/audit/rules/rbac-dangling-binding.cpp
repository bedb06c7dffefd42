// Bindings that grant nothing, because their role does not exist.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

bool named(const std::vector<Role>& roles, const RoleBinding& binding, bool in_namespace) {
  return std::any_of(roles.begin(), roles.end(), [&](const Role& role) {
    return role.head.name == binding.role_name &&
           (!in_namespace || role.head.ns == binding.head.ns);
  });
}

// A role of the other kind has the name: the likeliest mistake, and proof enough in files.
bool is_other_kind(const Facts& facts, const RoleBinding& binding, bool cluster_role) {
  return cluster_role ? !binding.head.ns.empty() && named(facts.roles, binding, true)
                      : named(facts.cluster_roles, binding, false);
}

// Whether all roles among which it would be were read. In files a role and its binding
// stand together, so a namespace whose Roles are there lacks one; ClusterRoles come with
// the cluster and its add-ons.
bool is_known_absent(const Facts& facts, const RoleBinding& binding, bool cluster_role) {
  if (facts.whole_cluster()) {
    return facts.complete.has(cluster_role ? Kind::cluster_role : Kind::role);
  }
  if (is_other_kind(facts, binding, cluster_role)) return true;
  return !cluster_role &&
         std::any_of(facts.roles.begin(), facts.roles.end(),
                     [&](const Role& role) { return role.head.ns == binding.head.ns; });
}

void check_binding(const Facts& facts, const RoleBinding& binding, Findings& findings) {
  const bool cluster_role = binding.role_kind == std::string_view("ClusterRole");
  if (!cluster_role && binding.role_kind != std::string_view("Role")) return;
  if (binding.head.deleting || binding.bootstrap ||
      (cluster_role ? named(facts.cluster_roles, binding, false)
                    : named(facts.roles, binding, true)) ||
      !is_known_absent(facts, binding, cluster_role)) {
    return;
  }
  Finding finding;
  finding.object = binding.head.ref();
  finding.origin = binding.head.origin;
  finding.path = FieldPath() / "roleRef" / "name";
  finding.observed = binding.role_kind.str() + " " + binding.role_name.str();
  finding.expected = "a role that exists";
  finding.message = "binds " + finding.observed + ", which does not exist" +
                    (facts.whole_cluster() ? "" : " in these files");
  if (is_other_kind(facts, binding, cluster_role)) {
    const std::string other = cluster_role ? "Role" : "ClusterRole";
    finding.message += ", while a " + other + " of that name does";
    finding.path = FieldPath() / "roleRef" / "kind";
    finding.fix =
        "Create the binding anew with roleRef.kind: " + other + " (a roleRef cannot be changed)";
  }
  findings.add(std::move(finding));
}

void check(const Facts& facts, Findings& findings) {
  for (const RoleBinding& binding : facts.cluster_role_bindings) {
    check_binding(facts, binding, findings);
  }
  for (const RoleBinding& binding : facts.role_bindings) check_binding(facts, binding, findings);
}

}  // namespace

extern const Rule k_rbac_dangling_binding;
constinit const Rule k_rbac_dangling_binding = {
    .id = "rbac-dangling-binding",
    .severity = Severity::warning,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A binding names a role that does not exist",
    .why =
        "Its subjects have no rights by it today. Whoever may create a role of that name decides "
        "what they get tomorrow.",
    .fix = "Create the role, or delete the binding; a roleRef cannot be changed.",
    .reference =
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
        "#rolebinding-and-clusterrolebinding",
    .needs = {},
    .reads = {Kind::role, Kind::role_binding, Kind::cluster_role, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
