// The state of a cluster's GPUs as `gpu status` shows it. Pure functions over facts.
#pragma once

#include "facts.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kai::gpu {

enum class NodeState {
  ready,
  not_ready,
  cordoned,
  no_gpus,      // advertises none
  degraded,     // some GPUs are withdrawn
  mig_pending,  // a MIG reconfiguration is under way or has failed
};
// "Ready", "NotReady", "Cordoned", "NoGPUs", "Degraded", "MIGPending": stable.
std::string_view to_string(NodeState state);

// One GPU resource of a node. Free is what a new pod could have: allocatable - used on a
// node that takes pods, zero on any other; never below zero.
// What one unit of a resource is.
enum class UnitKind { gpu, shared_slot, mig_device };

struct GpuCount {
  std::string resource;  // "nvidia.com/gpu", "nvidia.com/mig-1g.5gb"
  UnitKind unit = UnitKind::gpu;
  std::int64_t total = 0;
  std::int64_t allocatable = 0;
  std::int64_t used = 0;
  std::int64_t free = 0;
};

struct NodeStatus {
  std::string name;
  std::string product;
  std::vector<GpuCount> gpus;
  std::string mig;      // "mixed", "single (all-1g.5gb)"; empty without MIG
  std::string sharing;  // "time-slicing 4", "mps 2"; empty without sharing
  std::string driver;
  std::string label;                // what marks it as a GPU node: "nvidia.com/gpu=true"
  std::vector<std::string> taints;  // GPU-related ones and those that setup added
  NodeState state = NodeState::ready;
  std::string problem;    // why the state is what it is; empty when ready
  std::int64_t lost = 0;  // GPUs that nobody can get, for that reason

  [[nodiscard]] GpuCount sum() const;
};

struct GpuStatus {
  std::vector<NodeStatus> nodes;  // sorted by name
  GpuCount sum;
  std::int64_t lost = 0;
  std::vector<std::string> not_read;
  bool usage_known = true;  // false when pods could not be read: used and free mean nothing
};

// For the nodes given; needs facts with the pods that hold GPUs and the DaemonSets.
GpuStatus summarise(const std::vector<const model::Node*>& nodes, const ClusterFacts& facts);

}  // namespace kai::gpu
