// Namespaces that are being deleted and do not go away.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 10LL * 60, "so long a deletion may take"},
};

void check(const Facts& facts, Findings& findings) {
  for (const Namespace& ns : facts.namespaces) {
    if (!ns.terminating || ns.deleting_since == 0) continue;
    const Seconds age = facts.now - ns.deleting_since;
    if (age < facts.thresholds.of(k_thresholds[0])) continue;
    Finding finding;
    finding.object = ns.head.ref();
    finding.origin = ns.head.origin;
    finding.path = FieldPath() / "metadata" / "deletionTimestamp";
    finding.observed = "Terminating";
    finding.expected = "gone";
    finding.message = "Terminating for " + format_age(age);
    finding.details = ns.held_by;
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_namespace_terminating;
constinit const Rule k_namespace_terminating = {
    .id = "namespace-terminating",
    .severity = Severity::warning,
    .category = Category::api,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A namespace does not finish terminating",
    .why =
        "Nothing can be created in it, so its name cannot be used again, and what is left in it "
        "goes on holding GPUs, volumes and addresses.",
    .fix =
        "Remove what holds it: bring the controller back that owns the finalizer, or the API "
        "service that does not answer (kubectl get apiservices). Taking finalizers off by hand "
        "leaves behind what they were to clean up.",
    .reference = "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/",
    .needs = {Kind::name_space},
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
