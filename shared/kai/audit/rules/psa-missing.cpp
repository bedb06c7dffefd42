// Namespaces in which Pod Security Admission enforces nothing.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <map>

namespace kai::audit {
namespace {

constexpr std::string_view k_enforce = "pod-security.kubernetes.io/enforce";

// The API server may have a default for namespaces without labels; then what is enforced
// cannot be told from the namespace.
bool may_have_default(const Facts& facts) {
  return std::any_of(facts.control_plane.begin(), facts.control_plane.end(),
                     [](const ControlPlanePod& pod) {
                       return pod.program == "kube-apiserver" &&
                              pod.flag("admission-control-config-file") != nullptr;
                     });
}

void check(const Facts& facts, Findings& findings) {
  if (may_have_default(facts)) return;
  std::map<std::string_view, std::int64_t> pods;
  for (const Pod& pod : facts.pods) {
    if (!pod.finished()) ++pods[pod.ns];
  }
  std::map<std::string_view, std::int64_t> workloads;
  for (const Workload& workload : facts.workloads) {
    if (!workload.finished) ++workloads[workload.head.ns];
  }
  for (const Namespace& found : facts.namespaces) {
    const std::string_view name = found.head.name;
    if (found.terminating || found.head.labels->has(k_enforce) ||
        WellKnown::get().is_system_namespace(name)) {
      continue;
    }
    const auto running = pods.find(name);
    const auto declared = workloads.find(name);
    if (running == pods.end() && declared == workloads.end()) continue;
    Finding finding;
    finding.object = found.head.ref();
    finding.origin = found.head.origin;
    finding.path = FieldPath() / "metadata" / "labels";
    finding.observed = "no label " + std::string(k_enforce);
    finding.expected = std::string(k_enforce) + "=restricted or baseline";
    finding.message = (running != pods.end() ? count_of(running->second, "pod")
                                             : count_of(declared->second, "workload")) +
                      " and no Pod Security level is enforced";
    finding.fix = "kubectl label ns " + std::string(name) + " " + std::string(k_enforce) +
                  "=baseline --dry-run=server shows which pods that would reject; then without "
                  "--dry-run";
    finding.patch = Patch{Patch::Type::merge,
                          {{"metadata", {{"labels", {{std::string(k_enforce), "baseline"}}}}}}};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_psa_missing;
constinit const Rule k_psa_missing = {
    .id = "psa-missing",
    .severity = Severity::warning,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A namespace enforces no Pod Security level",
    .why =
        "Whoever may create pods there may create privileged ones, with the host's disks and "
        "every GPU of the node in reach.",
    .fix =
        "Label the namespace with pod-security.kubernetes.io/enforce: restricted where it can "
        "be, baseline else, privileged where that is meant.",
    .reference = "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
