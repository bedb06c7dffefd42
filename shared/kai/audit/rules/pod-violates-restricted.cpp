// Pods that the restricted level of the Pod Security Standards would turn away, while the
// baseline level lets them in.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/pod_levels.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// A namespace that has settled for another level, and does not ask about restricted either,
// has been decided about.
bool is_settled(const Facts& facts, std::string_view ns) {
  const std::string_view enforced = pod_security_level(facts, ns, "enforce");
  if (enforced.empty() || enforced == "restricted") return false;
  return pod_security_level(facts, ns, "audit") != "restricted" &&
         pod_security_level(facts, ns, "warn") != "restricted";
}

// Settles everything that can be settled without knowing the image; nullopt when something
// else would be left. A pod that is there cannot be changed.
std::optional<Patch> patch_for(const Subject& subject) {
  const PodSecurity& security = subject.spec->security;
  if (subject.workload == nullptr || security.debugged) return std::nullopt;
  if (std::any_of(security.breaches.begin(), security.breaches.end(), is_left_by_hardening)) {
    return std::nullopt;
  }
  return Patch{Patch::Type::json, hardening_steps(subject)};
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    const PodSecurity& security = subject.spec->security;
    if (subject.finished || security.breaks_baseline() || !security.breaks_restricted()) return;
    if (is_infrastructure_namespace(subject.ref.ns) || is_host_infrastructure(*subject.spec) ||
        is_settled(facts, subject.ref.ns)) {
      return;
    }
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = path_of(security.breaches.front(), subject);
    finding.subject = subject.spec_path.pointer();
    finding.observed = security.breaches.front().value.str();
    finding.expected = "what the restricted level allows";
    finding.message = "breaks " + count_of(static_cast<std::int64_t>(security.breaches.size()),
                                           "restricted control");
    if (pod_security_level(facts, subject.ref.ns, "enforce") == "restricted") {
      finding.message += ", and its namespace enforces restricted: new pods are refused";
    }
    finding.details = describe_breaches(security.breaches, subject);
    finding.patch = patch_for(subject);
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_pod_violates_restricted;
constinit const Rule k_pod_violates_restricted = {
    .id = "pod-violates-restricted",
    .severity = Severity::info,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod breaks the restricted level of the Pod Security Standards",
    .why =
        "Nothing is wrong with it at the baseline level. A namespace that shall enforce "
        "restricted, as those of tenants should, would not let it in.",
    .fix =
        "Set in every container allowPrivilegeEscalation: false and capabilities.drop: [ALL], "
        "and in the pod runAsNonRoot: true and seccompProfile.type: RuntimeDefault.",
    .reference = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
