// Kubeflow's users that may take every GPU there is.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const KubeflowProfile& profile : facts.governance.kubeflow_profiles) {
    // A quota that stands in the namespace of its own accord serves as well.
    const bool limited =
        profile.has_quota ||
        std::any_of(facts.quotas.begin(), facts.quotas.end(), [&](const Quota& quota) {
          return quota.head.ns == profile.head.name && !quota.hard.empty();
        });
    if (limited || profile.head.deleting) continue;
    const std::string name = profile.head.name.str();
    Finding finding;
    finding.object = profile.head.ref();
    finding.origin = profile.head.origin;
    finding.path = FieldPath() / "spec" / "resourceQuotaSpec";
    finding.observed = "no resourceQuotaSpec";
    finding.expected = "resourceQuotaSpec.hard";
    finding.message = "has no resourceQuotaSpec: nothing limits what namespace " + name + " takes";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_kubeflow_profile_no_quota;
constinit const Rule k_kubeflow_profile_no_quota = {
    .id = "kubeflow-profile-no-quota",
    .severity = Severity::warning,
    .category = Category::quota,
    .where = Where::both,
    .about = About::cluster,
    .title = "A Kubeflow profile has no quota",
    .why =
        "Everybody with a profile can start notebooks and training jobs until all GPUs are taken.",
    .fix =
        "Set in the Profile: spec: {resourceQuotaSpec: {hard: {requests.nvidia.com/gpu: \"4\", "
        "requests.cpu: \"32\", requests.memory: 256Gi}}}, with the share that the profile shall "
        "have.",
    .reference = "https://www.kubeflow.org/docs/components/central-dash/profiles/",
    .needs = {Kind::kubeflow_profile, Kind::resource_quota},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
