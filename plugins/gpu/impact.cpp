#include "impact.hpp"

#include <kai/model/scheduling.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

bool tolerates(const std::vector<model::Toleration>& tolerations, const model::Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const auto& toleration) { return toleration.tolerates(taint); });
}

// A ReplicaSet is an implementation detail of its Deployment: "web-6d4cf56db6" → web.
std::string controller_of(const model::Pod& pod) {
  if (pod.owner_kind.empty()) return {};
  if (pod.owner_kind == "ReplicaSet") {
    const auto hash = pod.labels.find("pod-template-hash");
    if (hash != pod.labels.end() && pod.owner_name.ends_with("-" + hash->second)) {
      return "Deployment " +
             pod.owner_name.substr(0, pod.owner_name.size() - hash->second.size() - 1);
    }
  }
  return pod.owner_kind + " " + pod.owner_name;
}

}  // namespace

std::string_view to_string(ImpactKind kind) {
  switch (kind) {
    case ImpactKind::evicted: return "evicted";
    case ImpactKind::cannot_return: return "cannotReturn";
    case ImpactKind::daemon_shut_out: return "daemonShutOut";
    case ImpactKind::serves_too: return "servesToo";
    case ImpactKind::advertises_none: return "advertisesNone";
  }
  return "";
}

std::vector<Impact> impact_of(const model::Taint& taint, const model::Node& node,
                              const ClusterFacts& facts) {
  std::vector<Impact> impacts;
  const bool evicts = taint.effect == "NoExecute";
  if (!evicts && taint.effect != "NoSchedule") return impacts;

  for (const DaemonSet& set : facts.daemon_sets) {
    // Only what it loses by this taint: others may keep it away already. Our own plugin
    // learns to tolerate the taint by the same plan.
    if (set.ours || tolerates(set.placement.tolerations, taint) || !runs_on(set, node)) continue;
    impacts.push_back({ImpactKind::daemon_shut_out,
                       node.name,
                       set.ref,
                       {},
                       evicts ? "its pod is evicted and does not come back"
                              : "its pod stays until it ends, and does not come back"});
  }
  for (const model::Pod& pod : facts.pods) {
    if (pod.placement.node_name != node.name || pod.finished() || pod.is_static ||
        pod.owner_kind == "DaemonSet" || tolerates(pod.placement.tolerations, taint)) {
      continue;
    }
    impacts.push_back({evicts ? ImpactKind::evicted : ImpactKind::cannot_return, node.name,
                       pod.ref(), controller_of(pod),
                       pod.gpus() > 0 ? "holds " + std::to_string(pod.gpus()) + " GPU" +
                                            (pod.gpus() == 1 ? "" : "s")
                                      : std::string()});
  }
  std::sort(impacts.begin(), impacts.end(), [](const Impact& a, const Impact& b) {
    return std::tie(a.kind, a.object) < std::tie(b.kind, b.object);
  });
  return impacts;
}

}  // namespace kai::gpu
