// Whom a new taint hits: told before it is written. Pure functions over facts.
#pragma once

#include "facts.hpp"
#include "node_setup.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kai::gpu {

enum class ImpactKind {
  evicted,          // NoExecute: the pod is deleted at once
  cannot_return,    // NoSchedule: the pod stays, but its next one cannot come here
  daemon_shut_out,  // a DaemonSet loses the node
  serves_too,       // the device plugin will also run on a node that is not being set up
  advertises_none,  // the node offers no GPU, and why
};
std::string_view to_string(ImpactKind kind);

struct Impact {
  ImpactKind kind = ImpactKind::cannot_return;
  std::string node;
  model::ObjectRef object;  // pod or DaemonSet; empty for the last two kinds
  std::string controller;   // "Deployment web" for pods that have one; else empty
  std::string detail;
  bool operator==(const Impact&) const = default;
};

// What happens when `taint` comes onto the node. Needs facts with the pods of every node
// and the DaemonSets.
std::vector<Impact> impact_of(const model::Taint& taint, const model::Node& node,
                              const ClusterFacts& facts);

}  // namespace kai::gpu
