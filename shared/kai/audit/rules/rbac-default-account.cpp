// Rights of the service account that every pod has that names none.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

constexpr std::string_view k_account = "system:serviceaccount:";

// The namespace of a default service account, in either of the forms in which bindings name
// it; empty when it is another subject.
std::string_view default_account_of(const RoleSubject& subject, const RoleBinding& binding) {
  std::string_view name = subject.name;
  if (subject.kind == std::string_view("ServiceAccount")) {
    if (name != "default") return {};
    return subject.ns.empty() ? binding.head.ns.view() : subject.ns.view();
  }
  if (!name.starts_with(k_account) || !name.ends_with(":default")) return {};
  name.remove_prefix(k_account.size());
  return name.substr(0, name.find(':'));
}

void check_binding(const RoleBinding& binding, Findings& findings) {
  for (const RoleSubject& subject : binding.subjects) {
    const std::string_view ns = default_account_of(subject, binding);
    if (ns.empty()) continue;
    Finding finding;
    finding.object = binding.head.ref();
    finding.origin = binding.head.origin;
    finding.path = FieldPath() / "subjects" / std::size_t{subject.index};
    finding.subject = subject.to_string();
    finding.observed = subject.to_string();
    finding.expected = "a service account of the workload's own";
    finding.message = "every pod of namespace " + std::string(ns) +
                      " without a service account of its own has " + binding.role_kind.str() + " " +
                      binding.role_name.str();
    finding.fix = "kubectl create serviceaccount NAME -n " + std::string(ns) +
                  ", bind that instead, and set serviceAccountName in the pods that need it";
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  for (const RoleBinding& binding : facts.cluster_role_bindings) check_binding(binding, findings);
  for (const RoleBinding& binding : facts.role_bindings) check_binding(binding, findings);
}

}  // namespace

extern const Rule k_rbac_default_account;
constinit const Rule k_rbac_default_account = {
    .id = "rbac-default-account",
    .severity = Severity::warning,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A role is bound to a default service account",
    .why =
        "The default account is that of every pod that names none, a notebook or a job of "
        "somebody else too: they all get the rights that one workload needed.",
    .fix = "Give the workload a service account of its own and bind the role to that.",
    .reference = "https://kubernetes.io/docs/concepts/security/service-accounts/#assign-to-pod",
    .needs = {},
    .reads = {Kind::role_binding, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
