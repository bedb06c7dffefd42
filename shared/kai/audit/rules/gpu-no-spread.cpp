// Replicas that one node may take down together.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

// Controllers of replicas that serve; the ranks of a training job want to be together.
bool serves(const Workload& workload) {
  static constexpr std::array<std::string_view, 5> k_kinds = {
      "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"};
  return std::find(k_kinds.begin(), k_kinds.end(), workload.head.kind.view()) != k_kinds.end();
}

// Whether the nodes leave a choice: two nodes that could serve, and room for two replicas
// on one of them.
bool nodes_leave_a_choice(const Facts& facts, const PodTemplate& spec) {
  if (!facts.whole_cluster() || facts.nodes.empty() || !facts.complete.has(Kind::node)) {
    return true;
  }
  int nodes = 0;
  bool room_for_two = false;
  for (const Node& node : facts.nodes) {
    std::int64_t fit = 0;
    for (const Amount& wanted : spec.gpus) {
      const std::int64_t each = std::max<std::int64_t>(wanted.quantity.value(), 1);
      const std::int64_t here = amount_of(node.allocatable, wanted.resource).value() / each;
      fit = &wanted == &spec.gpus.front() ? here : std::min(fit, here);
    }
    if (fit > 0) ++nodes;
    room_for_two |= fit > 1;
  }
  return nodes > 1 && room_for_two;
}

void check(const Facts& facts, Findings& findings) {
  for (const Workload& workload : facts.workloads) {
    const PodTemplate& spec = *workload.spec;
    if (!serves(workload) || workload.replicas < 2 || !spec.wants_gpu() || spec.spreads ||
        WellKnown::get().is_system_namespace(workload.head.ns) ||
        !nodes_leave_a_choice(facts, spec)) {
      continue;
    }
    const FieldPath path =
        FieldPath::from_pointer(workload.spec_path) / "topologySpreadConstraints";
    Finding finding;
    finding.object = workload.head.ref();
    finding.origin = workload.head.origin;
    finding.path = path;
    finding.subject = workload.spec_path.str();
    finding.observed = "neither anti-affinity nor topology spread";
    finding.expected = "replicas on different nodes";
    finding.message = std::to_string(workload.replicas) + " replicas with " +
                      describe_gpus(spec.gpus) + " each may all be on one node";
    if (!workload.pod_labels->empty()) {
      model::Json labels = model::Json::object();
      for (const Label* const label : workload.pod_labels->items()) {
        labels[label->key.str()] = label->value.str();
      }
      const model::Json constraint = {{"maxSkew", 1},
                                      {"topologyKey", "kubernetes.io/hostname"},
                                      {"whenUnsatisfiable", "ScheduleAnyway"},
                                      {"labelSelector", {{"matchLabels", labels}}}};
      finding.patch = Patch{Patch::Type::json,
                            model::Json::array({{{"op", "add"},
                                                 {"path", path.pointer()},
                                                 {"value", model::Json::array({constraint})}}})};
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_no_spread;
constinit const Rule k_gpu_no_spread = {
    .id = "gpu-no-spread",
    .severity = Severity::info,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "Replicas of a GPU workload are not spread over nodes",
    .why =
        "GPU schedulers are often set to pack, and all replicas land on one node: one failed GPU, "
        "driver upgrade or drain then stops the service.",
    .fix =
        "Add topologySpreadConstraints on kubernetes.io/hostname, or pod anti-affinity, to the pod "
        "spec.",
    .reference =
        "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::node},
    .check = &check,
};

}  // namespace kai::audit
