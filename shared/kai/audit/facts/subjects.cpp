// Which objects speak for which pods: rules judge a Deployment once, not each of its
// replicas, and a pod only when nothing above it was read.
#include <kai/audit/facts/reader.hpp>

#include <set>
#include <tuple>

namespace kai::audit {
namespace {

using Name = std::tuple<std::string_view, std::string_view, std::string_view>;  // kind, ns, name

std::set<Name> names_of(const std::vector<Workload>& workloads) {
  std::set<Name> names;
  for (const Workload& workload : workloads) {
    names.emplace(workload.head.kind, workload.head.ns, workload.head.name);
  }
  return names;
}

struct Controller {
  std::string_view api_version;
  std::string_view kind;
  std::string_view name;
};

// A ReplicaSet of a Deployment is named after it and the hash that its pods carry as a
// label; so the Deployment is known without reading ReplicaSets.
Controller controller_of(const Pod& pod) {
  const Owner& owner = *pod.owner;
  const Controller direct = {owner.api_version, owner.kind, owner.name};
  if (direct.kind != "ReplicaSet") return direct;
  const auto hash = pod.labels->get("pod-template-hash");
  std::string_view name = owner.name;
  if (!hash || name.size() <= hash->size() + 1 || !name.ends_with(*hash)) return direct;
  name.remove_suffix(hash->size());
  if (name.back() != '-') return direct;
  name.remove_suffix(1);
  return {"apps/v1", "Deployment", name};
}

}  // namespace

void link_subjects(Facts& facts) {
  const std::set<Name> all = names_of(facts.workloads);
  // A Job of a CronJob and a ReplicaSet of a Deployment say what their owner says.
  std::erase_if(facts.workloads, [&](const Workload& workload) {
    const Owner* const owner = workload.owner;
    return owner != nullptr && all.contains({owner->kind, owner->ns, owner->name});
  });
  std::set<std::tuple<std::string_view, std::string_view, std::string_view, const PodTemplate*>>
      seen;
  for (const Pod& pod : facts.pods) {
    if (pod.owner != nullptr) {
      const Controller controller = controller_of(pod);
      if (all.contains({controller.kind, pod.ns, controller.name})) continue;
      if (!seen.emplace(controller.kind, pod.ns, controller.name, pod.spec).second) continue;
    }
    facts.lone_pods.push_back(&pod);
  }
}

model::ObjectRef controller_ref(const Pod& pod) {
  if (pod.owner == nullptr) return pod.ref();
  const Controller controller = controller_of(pod);
  return {std::string(controller.api_version), std::string(controller.kind), pod.ns.str(),
          std::string(controller.name)};
}

void Facts::each_subject(const std::function<void(const Subject&)>& visit) const {
  for (const Workload& workload : workloads) {
    Subject subject;
    subject.ref = workload.head.ref();
    subject.origin = workload.head.origin;
    subject.spec = workload.spec;
    subject.pod_labels = workload.pod_labels;
    subject.spec_path = FieldPath::from_pointer(workload.spec_path);
    subject.workload = &workload;
    subject.finished = workload.finished;
    visit(subject);
  }
  for (const Pod* const pod : lone_pods) {
    Subject subject;
    subject.ref = controller_ref(*pod);
    subject.origin = pod->origin;
    subject.spec = pod->spec;
    subject.pod_labels = pod->labels;
    subject.spec_path = FieldPath() / "spec";
    subject.pod = pod;
    subject.finished = pod->finished();
    visit(subject);
  }
}

}  // namespace kai::audit
