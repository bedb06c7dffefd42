// Rights of people who have not even said who they are.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

// What every cluster has: the version and health of the API server, and, with kubeadm and
// OpenShift, what a node or a login page needs before it has credentials.
bool is_expected(const RoleBinding& binding) {
  static constexpr std::array<std::string_view, 5> k_roles = {
      "system:public-info-viewer", "kubeadm:bootstrap-signer-clusterinfo", "system:webhook",
      "system:oauth-token-deleter", "self-access-reviewer"};
  const std::string_view role = binding.role_name;
  if (role == "kubeadm:bootstrap-signer-clusterinfo") {
    return binding.head.ns == std::string_view("kube-public");
  }
  return role.starts_with("system:openshift:") ||
         std::find(k_roles.begin(), k_roles.end(), role) != k_roles.end();
}

void check_binding(const RoleBinding& binding, Findings& findings) {
  if (is_expected(binding)) return;
  for (const RoleSubject& subject : binding.subjects) {
    if (subject.name != std::string_view("system:anonymous") &&
        subject.name != std::string_view("system:unauthenticated")) {
      continue;
    }
    Finding finding;
    finding.object = binding.head.ref();
    finding.origin = binding.head.origin;
    finding.path = FieldPath() / "subjects" / std::size_t{subject.index};
    finding.subject = subject.to_string();
    finding.observed = subject.to_string();
    finding.expected = "no rights beyond system:public-info-viewer";
    finding.message = "whoever reaches the API server has " + binding.role_kind.str() + " " +
                      binding.role_name.str() +
                      (binding.cluster_wide() ? " in the whole cluster"
                                              : " in namespace " + binding.head.ns.str()) +
                      " (" + subject.name.str() + ")";
    finding.patch = remove_subject(subject);
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  for (const RoleBinding& binding : facts.cluster_role_bindings) check_binding(binding, findings);
  for (const RoleBinding& binding : facts.role_bindings) check_binding(binding, findings);
}

}  // namespace

extern const Rule k_rbac_anonymous;
constinit const Rule k_rbac_anonymous = {
    .id = "rbac-anonymous",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "Rights are granted to requests without credentials",
    .why =
        "Anybody who can open a connection to the API server has them, from the pod network too. "
        "Scanners look for such clusters.",
    .fix =
        "Remove the subject from the binding; where a probe needs /healthz, "
        "system:public-info-viewer is bound already.",
    .reference = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#hardening",
    .needs = {},
    .reads = {Kind::role_binding, Kind::cluster_role_binding},
    .check = &check,
};

}  // namespace kai::audit
