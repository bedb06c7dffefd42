// Roles that grant nothing, because nothing binds them.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// Kubernetes' own roles are there to be bound by whoever needs them.
bool is_bootstrap(const Role& role) {
  return role.head.labels->has("kubernetes.io/bootstrapping") ||
         role.head.name.view().starts_with("system:");
}

bool is_bound(const Facts& facts, const Role& role) {
  return std::any_of(
      facts.role_bindings.begin(), facts.role_bindings.end(), [&](const RoleBinding& binding) {
        return binding.head.ns == role.head.ns && binding.role_kind == std::string_view("Role") &&
               binding.role_name == role.head.name;
      });
}

void check(const Facts& facts, Findings& findings) {
  for (const Role& role : facts.roles) {
    // An operator's roles come and go with what it manages.
    if (is_bootstrap(role) || role.head.owned || role.head.deleting ||
        WellKnown::get().is_system_namespace(role.head.ns) || is_bound(facts, role)) {
      continue;
    }
    Finding finding;
    finding.object = role.head.ref();
    finding.origin = role.head.origin;
    finding.observed = "no RoleBinding names it";
    finding.expected = "a RoleBinding, or no Role";
    finding.message = facts.whole_cluster() ? "no RoleBinding of the namespace binds it"
                                            : "no RoleBinding of these files binds it";
    finding.fix = "kubectl create rolebinding " + role.head.name.str() + " -n " +
                  (role.head.ns.empty() ? "NAMESPACE" : role.head.ns.str()) +
                  " --role=" + role.head.name.str() + " --group=GROUP, or delete the Role";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_rbac_unbound_role;
constinit const Rule k_rbac_unbound_role = {
    .id = "rbac-unbound-role",
    .severity = Severity::info,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A Role is bound to nobody",
    .why =
        "A Role grants nothing by itself. The people it was written for cannot do their work, "
        "or it is left over and will be bound by mistake.",
    .fix = "Bind the Role to its users or groups with a RoleBinding, or delete it.",
    .reference =
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
        "#rolebinding-and-clusterrolebinding",
    .needs = {Kind::role, Kind::role_binding},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
