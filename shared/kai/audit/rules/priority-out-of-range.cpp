// Priorities that only Kubernetes itself may use.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

constexpr std::int64_t k_highest = 1'000'000'000;

void check(const Facts& facts, Findings& findings) {
  for (const PriorityClass& found : facts.governance.priority_classes) {
    if (found.is_system() || found.value <= k_highest) continue;
    Finding finding;
    finding.object = found.head.ref();
    finding.origin = found.head.origin;
    finding.path = FieldPath() / "value";
    finding.observed = std::to_string(found.value);
    finding.expected = "at most " + std::to_string(k_highest);
    finding.message = "has the value " + std::to_string(found.value) + ", above the highest of " +
                      std::to_string(k_highest);
    finding.patch = Patch{Patch::Type::merge, {{"value", k_highest}}};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_priority_out_of_range;
constinit const Rule k_priority_out_of_range = {
    .id = "priority-out-of-range",
    .severity = Severity::error,
    .category = Category::quota,
    .where = Where::files,
    .about = About::cluster,
    .title = "A PriorityClass has a value that is reserved",
    .why =
        "Values above 1000000000 belong to Kubernetes' own classes: the API server rejects this "
        "one, and every pod that names it.",
    .fix =
        "Choose a value of at most 1000000000. A value cannot be changed later: leave room between "
        "classes.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/"
        "#priorityclass",
    .needs = {Kind::priority_class},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
