// What becomes of the GPUs of each node: in use, free, stranded or lost, and which of
// them every pod may crowd. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/report.hpp>

#include <vector>

namespace kai::audit {

// Nodes that advertise GPUs and have no lasting taint. None where a taint is no option:
// all nodes that take pods have GPUs and none is tainted, so other pods need a home here.
std::vector<const Node*> open_gpu_nodes(const Facts& facts);

// In the order of facts.nodes.
std::vector<GpuNode> gpus_by_node(const Facts& facts);

GpuSummary summarize_gpus(const Facts& facts);

}  // namespace kai::audit
