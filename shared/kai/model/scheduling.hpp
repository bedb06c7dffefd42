// Why a pod cannot run on a node: the scheduler's filters that pod and node alone
// decide, each with its own words. Pure functions; thread-safe.
//
// Follows the filters of kube-scheduler 1.36 (NodeUnschedulable, NodeName,
// TaintToleration, NodeAffinity, NodeResourcesFit). Pod affinity, topology spread,
// volumes and host ports depend on more; unchecked() names those that a pod uses.
#pragma once

#include <kai/model/node.hpp>

#include <string>
#include <vector>

namespace kai::model {

enum class ObstacleKind {
  not_ready,
  cordoned,
  node_name,
  taint,
  node_selector,
  node_affinity,
  gpu_absent,  // the node advertises none of that GPU resource
  gpu_in_use,  // it does, but too few are free
  resource,    // CPU, memory, storage, pods, …
};

// "not-ready", "taint", …: stable, for machine-readable output.
std::string_view to_string(ObstacleKind kind);

struct Obstacle {
  ObstacleKind kind = ObstacleKind::taint;
  std::string detail;    // "taint dedicated=ml:NoSchedule is not tolerated"
  std::string resource;  // for the gpu_* and resource kinds
  // Removing pods of lower priority could make room.
  bool preemptible = false;
};

// Whether nodeSelector and required node affinity admit a node.
bool matches_affinity(const Placement& placement, const Node& node);
bool matches(const NodeSelectorTerm& term, const Node& node);

// Everything that keeps `pod` off `node`, in the order in which a person would fix it;
// empty when nothing does. `used` is what the node's other pods have set aside,
// including their number as "pods".
std::vector<Obstacle> obstacles(const Pod& pod, const Node& node, const Resources& used);

// Constraints of the pod that obstacles() cannot judge: "pod affinity", "volumes".
std::vector<std::string> unchecked(const Placement& placement);

// What a pod sets aside on its node, with "pods": 1.
Resources claim_of(const Pod& pod);

}  // namespace kai::model
