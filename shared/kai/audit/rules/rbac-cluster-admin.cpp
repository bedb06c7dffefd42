// Subjects that may do everything.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check_binding(const RoleBinding& binding, Findings& findings) {
  if (binding.role_name != std::string_view("cluster-admin") ||
      binding.role_kind != std::string_view("ClusterRole")) {
    return;
  }
  for (const RoleSubject& subject : binding.subjects) {
    if (is_system_subject(subject)) continue;
    Finding finding;
    finding.object = binding.head.ref();
    finding.origin = binding.head.origin;
    finding.path = FieldPath() / "subjects" / std::size_t{subject.index};
    finding.subject = subject.to_string();
    finding.observed = subject.to_string();
    finding.expected = "no subject but the system's";
    finding.message =
        subject.to_string() + " may do everything in " +
        (binding.cluster_wide() ? "the cluster" : "namespace " + binding.head.ns.str());
    finding.patch = remove_subject(subject);
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  for (const RoleBinding& binding : facts.cluster_role_bindings) check_binding(binding, findings);
  for (const RoleBinding& binding : facts.role_bindings) check_binding(binding, findings);
}

}  // namespace

extern const Rule k_rbac_cluster_admin;
constinit const Rule k_rbac_cluster_admin = {
    .id = "rbac-cluster-admin",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A subject is bound to cluster-admin",
    .why =
        "Whoever gets hold of its token or kubeconfig owns the cluster, every secret in it and "
        "every node. For a service account that is anybody who may exec into one of its pods.",
    .fix =
        "Bind a role with what is needed instead (admin or edit in its own namespaces). "
        "Administrators are best in one group of the identity provider, with an exception for it.",
    .reference =
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
        "#least-privilege",
    .needs = {},
    .reads = {Kind::role_binding, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
