// Pods that the kubelet turned away after the scheduler had placed them.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace kai::audit {
namespace {

struct Leftovers {
  const Pod* first = nullptr;
  std::vector<std::string> names;
  std::set<std::string> nodes;
};

void check(const Facts& facts, Findings& findings) {
  std::map<std::tuple<std::string, std::string, std::string>, Leftovers> groups;
  for (const Pod& pod : facts.pods) {
    if (pod.phase != Phase::failed || pod.reason != std::string_view("UnexpectedAdmissionError")) {
      continue;
    }
    const model::ObjectRef owner = controller_ref(pod);
    Leftovers& group = groups[{owner.ns, owner.kind, owner.name}];
    if (group.first == nullptr) group.first = &pod;
    group.names.push_back(pod.name.str());
    if (!pod.node.empty()) group.nodes.insert(pod.node.str());
  }
  for (const auto& [key, group] : groups) {
    const auto count = static_cast<std::int64_t>(group.names.size());
    Finding finding;
    finding.object = controller_ref(*group.first);
    finding.origin = group.first->origin;
    finding.path = FieldPath() / "status" / "reason";
    finding.subject = "leftovers";
    finding.observed = group.first->reason.str();
    finding.expected = "no such pod";
    finding.message = count_of(count, "Failed pod") + (count == 1 ? " is" : " are") +
                      " left from a refusal by the kubelet";
    if (!group.nodes.empty()) {
      finding.message += " of " + list_names({group.nodes.begin(), group.nodes.end()});
    }
    finding.message += ": " + list_names(group.names);
    if (count <= 4) {
      finding.fix = "kubectl delete pod -n " + group.first->ns.str();
      for (const std::string& name : group.names) finding.fix += " " + name;
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_admission_leftovers;
constinit const Rule k_gpu_admission_leftovers = {
    .id = "gpu-admission-leftovers",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "Pods are left that the kubelet refused",
    .why =
        "The kubelet had fewer devices than the scheduler thought, mostly while a device plugin or "
        "the node restarted. Such pods never run and are removed by nobody until there are "
        "thousands; a Job counts each as a failure.",
    .fix =
        "Delete them, with kubectl delete pods --field-selector=status.phase=Failed where all "
        "failed pods may go; if they keep coming, look at the device plugin of their node.",
    .reference =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection",
    .needs = {Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
