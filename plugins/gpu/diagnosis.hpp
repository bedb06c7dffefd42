// Why a node does not offer the GPUs that it has. Pure functions over facts.
#pragma once

#include "facts.hpp"

#include <optional>
#include <string>

namespace kai::gpu {

// Whether the node has to do with GPUs: it advertises some, or a label says that they are
// there, or setup has been here.
bool is_gpu_node(const model::Node& node);

// The GPU resources that the node has in its capacity, with zero counts where a plugin
// has withdrawn all, sorted by name.
std::vector<std::string> gpu_resources(const model::Node& node);

// Why no GPU of the node can be had, whoever asks; nullopt when some can. Names the first cause
// that the facts prove, from the node inwards: kubelet, hardware, DaemonSet, its pod, the driver.
std::optional<std::string> why_no_gpus(const model::Node& node, const ClusterFacts& facts);

// Whether a device plugin that starts now can be expected to find GPUs: the node is Ready,
// and node feature discovery, where it runs, has seen one.
bool may_serve_soon(const model::Node& node);

}  // namespace kai::gpu
