// GPU pods that wait, and what each GPU node lacks for them.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <map>

namespace kai::audit {
namespace {

constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 300, "so long a GPU pod may wait"},
};

// Why a node is no home for a pod, from what will never change to what may pass. Only the
// first that applies is told: with it in the way, the others do not matter yet.
enum class Reason {
  excluded,   // by nodeSelector or affinity
  no_gpu,     // none of that resource
  too_small,  // fewer GPUs, or less CPU or memory, than asked for, even when empty
  taint,
  not_ready,
  cordoned,
  in_use,  // enough GPUs, but other pods hold them
  full,    // CPU, memory or pods
};

// Pods of one controller that wait for the same.
struct Waiting {
  const Pod* first = nullptr;  // the one that waits longest
  std::int64_t count = 0;
  // Nodes by what keeps the pods off them; the text tells reasons of one kind apart.
  std::map<std::pair<Reason, std::string>, std::vector<std::string>> nodes;
  std::vector<std::string> fitting;
};

using Key = std::tuple<std::string_view, const Owner*, const PodTemplate*, const Pod*>;

bool waits(const Facts& facts, const Pod& pod) {
  return pod.phase == Phase::pending && pod.spec->wants_gpu() && !pod.gated && !pod.deleting &&
         facts.now - pod.created > facts.thresholds.of(k_thresholds[0]);
}

model::Pod to_model(const Pod& pod) {
  model::Pod result;
  result.ns = pod.ns.str();
  result.name = pod.name.str();
  result.placement = pod.spec->placement;
  result.requests = pod.spec->requests;
  return result;
}

Reason reason_of(const model::Obstacle& obstacle) {
  switch (obstacle.kind) {
    case model::ObstacleKind::node_name:
    case model::ObstacleKind::node_selector:
    case model::ObstacleKind::node_affinity: return Reason::excluded;
    case model::ObstacleKind::gpu_absent: return Reason::no_gpu;
    case model::ObstacleKind::taint: return Reason::taint;
    case model::ObstacleKind::not_ready: return Reason::not_ready;
    case model::ObstacleKind::cordoned: return Reason::cordoned;
    case model::ObstacleKind::gpu_in_use:
      return obstacle.preemptible ? Reason::in_use : Reason::too_small;
    case model::ObstacleKind::resource:
      return obstacle.preemptible ? Reason::full : Reason::too_small;
  }
  return Reason::excluded;
}

// What goes before the nodes' names. Amounts differ from node to node and stand with the
// names instead.
std::string describe(Reason reason, const model::Obstacle& obstacle) {
  switch (reason) {
    case Reason::excluded: return "excluded by its node selector or affinity";
    case Reason::no_gpu: return "no " + obstacle.resource;
    case Reason::too_small: return "too little " + obstacle.resource + " even when empty";
    case Reason::taint: return obstacle.detail;
    case Reason::not_ready: return "NotReady";
    case Reason::cordoned: return "cordoned";
    case Reason::in_use: return "too few " + obstacle.resource + " free";
    case Reason::full: return "too little " + obstacle.resource + " free";
  }
  return {};
}

std::string name_with_amount(const model::Node& node, Reason reason, const std::string& resource,
                             const model::Resources& used) {
  const model::Quantity all = model::amount_of(node.allocatable, resource);
  if (reason == Reason::too_small) return node.name + " (" + all.to_string() + ")";
  if (reason != Reason::in_use && reason != Reason::full) return node.name;
  model::Quantity free = all - model::amount_of(used, resource);
  if (free < model::Quantity()) free = {};
  return node.name + " (" + free.to_string() + " of " + all.to_string() + ")";
}

void explain(const Facts& facts, std::map<Key, Waiting>& waiting) {
  // With -n the pods of other namespaces are unknown, and so is what is free: then only
  // what a node could never give is held against it.
  const bool know_usage = facts.only_ns.empty();
  const auto usage =
      know_usage ? usage_by_node(facts) : std::map<std::string_view, model::Resources>();
  static const model::Resources k_nothing;
  for (const Node& node : facts.nodes) {
    if (!is_gpu_node(node)) continue;
    const model::Node converted = node.to_model();
    const auto in_use = usage.find(node.name());
    const model::Resources& used = in_use == usage.end() ? k_nothing : in_use->second;
    for (auto& [key, entry] : waiting) {
      if (!entry.first->node.empty()) continue;
      const auto found = model::obstacles(to_model(*entry.first), converted, used);
      if (found.empty()) {
        if (know_usage) entry.fitting.push_back(node.name().str());
        continue;
      }
      const auto worst = std::min_element(
          found.begin(), found.end(),
          [](const auto& a, const auto& b) { return reason_of(a) < reason_of(b); });
      const Reason reason = reason_of(*worst);
      entry.nodes[{reason, describe(reason, *worst)}].push_back(
          name_with_amount(converted, reason, worst->resource, used));
    }
  }
}

void describe_nodes(const Waiting& entry, std::vector<std::string>& details) {
  for (const auto& [reason, nodes] : entry.nodes) {
    details.push_back(reason.second + ": " + list_names(nodes, 6));
  }
  if (!entry.fitting.empty()) {
    const auto more = model::unchecked(entry.first->spec->placement);
    details.push_back((more.empty() ? "nothing visible here speaks against "
                                    : "perhaps its " + list_names(more) + ": ") +
                      list_names(entry.fitting, 6));
  }
  if (details.empty()) details.emplace_back("no node has GPUs");
}

// Pods that do not even exist: the API server refuses them, as a rule for a quota's sake.
void find_refused(const Facts& facts, Findings& findings) {
  for (const Workload& workload : facts.workloads) {
    if (workload.refused.empty() || !workload.spec->wants_gpu() || workload.replicas == 0 ||
        facts.now - workload.refused_since <= facts.thresholds.of(k_thresholds[0])) {
      continue;
    }
    // The server puts the name of a pod that never was before its reason.
    std::string_view reason = workload.refused;
    constexpr std::string_view k_forbidden = " is forbidden: ";
    if (const auto at = reason.find(k_forbidden); at != std::string_view::npos) {
      reason.remove_prefix(at + k_forbidden.size());
    }
    Finding finding;
    finding.object = workload.head.ref();
    finding.origin = workload.head.origin;
    finding.path = FieldPath() / "status" / "conditions";
    finding.subject = "refused";
    finding.observed = workload.refused.str();
    finding.expected = "its pods are admitted";
    finding.message = "pods with " + describe_gpus(workload.spec->gpus) +
                      " each are refused since " + format_age(facts.now - workload.refused_since) +
                      ": " + std::string(reason);
    if (reason.starts_with("exceeded quota")) {
      finding.fix = "Raise the quota, or free what it counts: kubectl describe quota -n " +
                    workload.head.ns.str();
    } else {
      finding.fix = "Change the pod template so that the API server takes it";
    }
    findings.add(std::move(finding));
  }
}

void check(const Facts& facts, Findings& findings) {
  find_refused(facts, findings);
  std::map<Key, Waiting> waiting;
  for (const Pod& pod : facts.pods) {
    if (!waits(facts, pod)) continue;
    const Pod* const alone = pod.owner == nullptr ? &pod : nullptr;
    Waiting& entry = waiting[{pod.ns, pod.owner, pod.spec, alone}];
    ++entry.count;
    if (entry.first == nullptr || pod.created < entry.first->created) entry.first = &pod;
  }
  if (waiting.empty()) return;
  explain(facts, waiting);
  for (const auto& [key, entry] : waiting) {
    const Pod& pod = *entry.first;
    Finding finding;
    finding.object = controller_ref(pod);
    finding.origin = pod.origin;
    finding.subject = "pending";
    const std::string age = format_age(facts.now - pod.created);
    const std::string what =
        entry.count > 1 ? std::to_string(entry.count) + " pods wait for " +
                              describe_gpus(pod.spec->gpus) + " each, up to " + age
                        : (pod.owner == nullptr ? "waits for " : pod.name.str() + " waits for ") +
                              describe_gpus(pod.spec->gpus) + " since " + age;
    finding.expected = "Running";
    if (!pod.node.empty()) {
      finding.observed = pod.reason.empty() ? "Pending on " + pod.node.str() : pod.reason.str();
      finding.message =
          what + " on " + pod.node.str() + (pod.reason.empty() ? "" : ": " + pod.reason.str());
      finding.fix = "kubectl describe pod -n " + pod.ns.str() + " " + pod.name.str() +
                    " shows the events of its start";
    } else {
      finding.observed = pod.message.empty() ? "Pending, not scheduled" : pod.message.str();
      finding.message = what;
      describe_nodes(entry, finding.details);
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_pending;
constinit const Rule k_gpu_pending = {
    .id = "gpu-pending",
    .severity = Severity::error,
    .category = Category::gpu_workloads,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A GPU pod keeps waiting",
    .why =
        "Nothing will change by itself while every GPU node refuses the pod; the scheduler's "
        "event counts nodes and does not name them.",
    .fix =
        "Remove what the nodes name: add the toleration, free or add GPUs, ask for less CPU or "
        "memory, or correct the selector; raise the quota that refuses the pods. `kubectl ai gpu "
        "explain pod NAME` shows all of it.",
    .reference =
        "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/"
        "#my-pod-stays-pending",
    .needs = {Kind::pod, Kind::node},
    .reads = {Kind::deployment},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
