// GPU pods that every other pod with a priority goes before.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <set>
#include <tuple>

namespace kai::audit {
namespace {

using Name = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name

// Controllers whose GPU pods have a class that their template lacks: admission gave it.
std::set<Name> given_by_admission(const Facts& facts) {
  std::set<Name> names;
  for (const Pod& pod : facts.pods) {
    if (!pod.spec->wants_gpu() || pod.spec->priority_class.empty()) continue;
    const model::ObjectRef owner = controller_ref(pod);
    names.emplace(owner.kind, owner.ns, owner.name);
  }
  return names;
}

std::string fix_of(const Facts& facts) {
  std::vector<std::string> names;
  for (const PriorityClass& known : facts.governance.priority_classes) {
    if (!known.is_system()) names.push_back(known.head.name.str());
  }
  if (names.empty()) return {};
  return "Set priorityClassName in the pod spec; the PriorityClasses here: " + list_names(names, 5);
}

void check(const Facts& facts, Findings& findings) {
  const Governance& governance = facts.governance;
  if (governance.global_default() != nullptr) return;
  // Every API server has its own two classes: a dump without any has left them all out. And
  // files without any, such as a rendered chart, say nothing about the cluster's.
  if (governance.priority_classes.empty()) return;
  const std::set<Name> given = given_by_admission(facts);
  const std::string fix = fix_of(facts);
  facts.each_subject([&](const Subject& subject) {
    const PodTemplate& spec = *subject.spec;
    if (subject.finished || !spec.wants_gpu() || !spec.priority_class.empty() ||
        is_queued(subject) || WellKnown::get().is_system_namespace(subject.ref.ns) ||
        given.contains({subject.ref.kind, subject.ref.ns, subject.ref.name})) {
      return;
    }
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = subject.spec_path / "priorityClassName";
    finding.subject = subject.spec_path.pointer();
    finding.observed = "no priorityClassName";
    finding.expected = "a PriorityClass";
    finding.message = "asks for " + describe_gpus(spec.gpus) + " with no priority, and " +
                      (facts.whole_cluster() ? "no PriorityClass is the default"
                                             : "no PriorityClass of these files is the default");
    finding.fix = fix;
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_gpu_priority_none;
constinit const Rule k_gpu_priority_none = {
    .id = "gpu-priority-none",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU workload has no priority",
    .why =
        "When GPUs run out the scheduler can only go by who came first: an experiment holds what "
        "production needs, and nothing can be preempted for it.",
    .fix =
        "Create PriorityClasses, such as production and batch, and set priorityClassName in the "
        "pod spec, or make one of them the globalDefault.",
    .reference = "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
    .needs = {Kind::priority_class},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
