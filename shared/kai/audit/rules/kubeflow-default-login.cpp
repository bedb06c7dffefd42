// Kubeflow's shipped user and password, which everybody knows.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const KubeflowTable& table = KubeflowTable::get();
  for (const StaticLogin& login : facts.governance.static_logins) {
    const bool known_password = table.is_shipped_hash(login.hash);
    if (!known_password && !table.is_shipped_user(login.user)) continue;
    Finding finding;
    finding.object = login.head.ref();
    finding.origin = login.head.origin;
    finding.path = login.path;
    finding.subject = login.user;
    finding.observed = login.user + (known_password ? " with the shipped password" : "");
    finding.expected = "a user and a password of your own";
    finding.message =
        known_password
            ? "dex lets " + login.user + " in with the password that Kubeflow ships"
            : "dex has the user that Kubeflow ships, " + login.user +
                  (login.hash.empty() ? "; the password comes from a Secret, which is not read"
                                      : ", with another password");
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_kubeflow_default_login;
constinit const Rule k_kubeflow_default_login = {
    .id = "kubeflow-default-login",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "Kubeflow lets in a login that everybody knows",
    .why =
        "The user and the password stand in Kubeflow's manifests. Whoever reaches the dashboard "
        "can run notebooks with GPUs and read that user's data.",
    .fix =
        "In dex's configuration replace the user, and the password by a bcrypt hash of your own "
        "(htpasswd -nBC 12 USER), or connect dex to your identity provider and set "
        "enablePasswordDB: false; then restart dex.",
    .reference = "https://github.com/kubeflow/manifests#change-default-user-password",
    .needs = {Kind::config_map},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
