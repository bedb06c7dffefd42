// Objects in an API version that is still served and will not be for long.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const ApiTable& table = ApiTable::get();
  for (const ApiUse& use : facts.api_uses) {
    const ApiLifecycle* const api = table.find(use.api_version, use.head.kind);
    if (api == nullptr || !api->deprecated.known() || facts.target < api->deprecated) continue;
    const bool removed = api->removed.known() && facts.target >= api->removed;
    // Without a successor that the target serves there is nothing to do yet.
    const bool too_early = api->since.known() && facts.target < api->since;
    if (removed || too_early) continue;
    Finding finding;
    finding.object = use.head.ref();
    finding.origin = use.head.origin;
    finding.observed = use.api_version;
    finding.expected = api->replacement.empty() ? "no such object" : api->replacement;
    const std::string until =
        api->removed.known() ? " and goes with " + api->removed.to_string() : "";
    if (use.manager.empty()) {
      finding.path = FieldPath() / "apiVersion";
      finding.message = use.api_version + " " + use.head.kind.str() +
                        " is deprecated since Kubernetes " + api->deprecated.to_string() + until;
    } else {
      finding.path = FieldPath() / "metadata" / "managedFields";
      finding.subject = use.manager;
      finding.message = use.manager + " writes it as " + use.api_version +
                        ", which is deprecated since Kubernetes " + api->deprecated.to_string() +
                        until;
    }
    if (!api->replacement.empty()) {
      finding.fix = (use.manager.empty() ? std::string("Write it as ")
                                         : "Change what " + use.manager + " applies to ") +
                    api->replacement;
      if (api->since.known()) finding.fix += " (since " + api->since.to_string() + ")";
      if (!api->note.empty()) finding.fix += "; " + api->note;
    } else if (!api->note.empty()) {
      finding.fix = "Plan to do without it: " + api->note;
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_api_deprecated;
constinit const Rule k_api_deprecated = {
    .id = "api-deprecated",
    .severity = Severity::warning,
    .category = Category::api,
    .where = Where::both,
    .about = About::namespaced,
    .title = "An API version is deprecated",
    .why =
        "It works until an upgrade, and then the next apply, Helm upgrade or GitOps sync fails. "
        "Now both versions are served, and changing over is one edit.",
    .fix = "Move to the API version that replaces it.",
    .reference = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::network_policy, Kind::role, Kind::role_binding,
                                        Kind::ingress, Kind::horizontal_pod_autoscaler,
                                        Kind::pod_disruption_budget},
    .check = &check,
};

}  // namespace kai::audit
