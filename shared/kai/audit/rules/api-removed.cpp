// Objects in an API version that the cluster, now or after its upgrade, no longer serves.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const ApiTable& table = ApiTable::get();
  for (const ApiUse& use : facts.api_uses) {
    const ApiLifecycle* const api = table.find(use.api_version, use.head.kind);
    if (api == nullptr || !api->removed.known() || facts.target < api->removed) continue;
    const std::string kind = use.head.kind.str();
    Finding finding;
    finding.object = use.head.ref();
    finding.origin = use.head.origin;
    finding.observed = use.api_version;
    finding.expected = api->replacement.empty() ? "no such object" : api->replacement;
    if (use.manager.empty()) {
      finding.path = FieldPath() / "apiVersion";
      finding.message = use.api_version + " " + kind + " is not served since Kubernetes " +
                        api->removed.to_string();
    } else {
      finding.path = FieldPath() / "metadata" / "managedFields";
      finding.subject = use.manager;
      finding.message = use.manager + " still writes it as " + use.api_version +
                        ", which is not served since Kubernetes " + api->removed.to_string();
    }
    if (!api->replacement.empty()) {
      finding.fix = (use.manager.empty() ? std::string("Write it as ")
                                         : "Change what " + use.manager + " applies to ") +
                    api->replacement;
      if (api->since.known()) finding.fix += " (since " + api->since.to_string() + ")";
      if (!api->note.empty()) finding.fix += "; " + api->note;
    } else if (!api->note.empty()) {
      finding.fix = "Remove it: " + api->note;
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_api_removed;
constinit const Rule k_api_removed = {
    .id = "api-removed",
    .severity = Severity::error,
    .category = Category::api,
    .where = Where::both,
    .about = About::namespaced,
    .title = "An API version is not served any more",
    .why =
        "The API server answers 404 for it: the next apply, Helm upgrade or GitOps sync fails, "
        "often after half of the release has been changed.",
    .fix = "Move to the API version that replaces it before the upgrade.",
    .reference = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::network_policy, Kind::role, Kind::role_binding,
                                        Kind::ingress, Kind::horizontal_pod_autoscaler,
                                        Kind::pod_disruption_budget},
    .check = &check,
};

}  // namespace kai::audit
