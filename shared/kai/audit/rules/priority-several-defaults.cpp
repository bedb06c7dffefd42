// Default priorities that contradict each other.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const PriorityClass* const chosen = facts.governance.global_default();
  for (const PriorityClass& found : facts.governance.priority_classes) {
    if (!found.global_default || &found == chosen) continue;
    const std::string winner = chosen->head.name.str();
    Finding finding;
    finding.object = found.head.ref();
    finding.origin = found.head.origin;
    finding.path = FieldPath() / "globalDefault";
    finding.observed = "globalDefault: true, as has " + winner;
    finding.expected = "one default";
    finding.message =
        "is a default beside " + winner + "; " +
        (facts.whole_cluster()
             ? winner + " counts, as its value is the lowest: " + std::to_string(chosen->value)
             : "the API server rejects the second");
    finding.patch = Patch{Patch::Type::merge, {{"globalDefault", false}}};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_priority_several_defaults;
constinit const Rule k_priority_several_defaults = {
    .id = "priority-several-defaults",
    .severity = Severity::warning,
    .category = Category::quota,
    .where = Where::both,
    .about = About::cluster,
    .title = "Several PriorityClasses are the default",
    .why =
        "The API server allows one. Of several, left by a race or an old release, it takes the one "
        "with the lowest value, so pods may have less priority than people think.",
    .fix =
        "Set globalDefault: false on all but one; pods that exist keep the priority that they "
        "have.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/"
        "#priorityclass",
    .needs = {Kind::priority_class},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
