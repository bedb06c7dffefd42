// Pods of a priority class that is not there.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/names.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  std::vector<std::string> known = {"system-node-critical", "system-cluster-critical"};
  bool declared = false;
  for (const PriorityClass& found : facts.governance.priority_classes) {
    if (found.is_system()) continue;
    known.push_back(found.head.name.str());
    declared = true;
  }
  // Every API server has its own two classes: a dump without any has left them all out.
  // Files must at least declare classes: else they may be installed from elsewhere.
  const bool all_known =
      facts.whole_cluster() ? !facts.governance.priority_classes.empty() : declared;
  facts.each_subject([&](const Subject& subject) {
    const std::string name = subject.spec->priority_class.str();
    if (name.empty() || subject.finished ||
        std::find(known.begin(), known.end(), name) != known.end()) {
      return;
    }
    // Nobody can make a class whose name begins so.
    const bool impossible = name.starts_with("system-");
    if (!all_known && !impossible) return;
    const auto nearest = model::nearest_name(name, known);
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = subject.spec_path / "priorityClassName";
    finding.subject = subject.spec_path.pointer();
    finding.observed = name;
    finding.expected = nearest ? *nearest : "a PriorityClass that exists";
    finding.message = "names the PriorityClass " + name + ", which " +
                      (impossible              ? "Kubernetes does not have"
                       : facts.whole_cluster() ? "does not exist"
                                               : "is not among these files");
    if (nearest) finding.message += "; is " + *nearest + " meant?";
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_priority_class_unknown;
constinit const Rule k_priority_class_unknown = {
    .id = "priority-class-unknown",
    .severity = Severity::error,
    .category = Category::quota,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A workload names a PriorityClass that does not exist",
    .why =
        "The API server rejects each of its pods: \"no PriorityClass with name … was found\". What "
        "runs already is not made again after an eviction.",
    .fix =
        "Correct priorityClassName, or create the PriorityClass; kubectl get priorityclass lists "
        "them.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/"
        "#pod-priority",
    .needs = {Kind::priority_class},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
