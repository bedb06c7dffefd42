// Pods that the baseline level of the Pod Security Standards would turn away.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/pod_levels.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    const PodSecurity& security = subject.spec->security;
    if (subject.finished || !security.breaks_baseline()) return;
    // A namespace that is privileged on purpose is psa-privileged-namespace's.
    const std::string_view level = pod_security_level(facts, subject.ref.ns, "enforce");
    if (level == "privileged" || is_infrastructure_namespace(subject.ref.ns) ||
        is_host_infrastructure(*subject.spec)) {
      return;
    }
    std::vector<PodBreach> broken;
    for (const PodBreach& breach : security.breaches) {
      if (breach.control < k_first_restricted) broken.push_back(breach);
    }
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = path_of(broken.front(), subject);
    finding.subject = subject.spec_path.pointer();
    finding.observed = broken.front().value.str();
    finding.expected = "what the baseline level allows";
    finding.message =
        "breaks " + count_of(static_cast<std::int64_t>(broken.size()), "baseline control");
    if (level == "baseline" || level == "restricted") {
      finding.message +=
          ", and its namespace enforces " + std::string(level) + ": new pods are refused";
    }
    finding.details = describe_breaches(broken, subject);
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_pod_violates_baseline;
constinit const Rule k_pod_violates_baseline = {
    .id = "pod-violates-baseline",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod breaks the baseline level of the Pod Security Standards",
    .why =
        "Each of these controls closes a known way out of a container. A pod that breaks one "
        "can read its node, other pods' secrets and the GPUs' memory.",
    .fix =
        "Remove the fields that are named. What needs them belongs in a namespace of its own "
        "with enforce=privileged.",
    .reference = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
