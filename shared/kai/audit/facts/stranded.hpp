// GPUs that are free and that no pod can use, since the CPU or memory beside them is
// asked for by others. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kai::audit {

// CPU in thousandths, memory in bytes.
struct Room {
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;
};
// "1500m CPU and 12.5Gi memory"; never less than nothing.
std::string to_string(const Room& room);

struct StrandedNode {
  const Node* node = nullptr;
  std::int64_t free = 0;      // GPUs that nobody holds; shared ones count as GPUs, not as shares
  std::int64_t stranded = 0;  // of these, those that no pod can use
  // How many would still be stranded if pods without a GPU went elsewhere.
  std::int64_t without_cpu_pods = 0;
  Room left;                     // of the node's allocatable
  Room needed;                   // by the GPU pod that asks for least, a GPU
  Room cpu_pods;                 // held by pods that have no GPU and belong to no DaemonSet
  std::vector<const Pod*> pods;  // these, largest first
};

// Nodes with stranded GPUs, in the order of facts.nodes. Only nodes that take pods count,
// and only what CPU or memory was taken from: a node that is too small for any GPU pod
// even when it is empty has no stranded GPUs.
std::vector<StrandedNode> stranded_nodes(const Facts& facts);

}  // namespace kai::audit
