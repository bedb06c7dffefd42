// What several rules ask of nodes and pods about GPUs. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// The sum of all GPU resources, in the units that are advertised: whole GPUs, MIG
// instances or shares of a GPU.
std::int64_t gpu_count(const Amounts& amounts);
// "8 nvidia.com/gpu", "2 nvidia.com/mig-1g.5gb + 1 nvidia.com/mig-3g.20gb".
std::string describe_gpus(const Amounts& amounts);

// Whether the node advertises GPU resources.
bool advertises_gpus(const Node& node);
// A label by which NFD, GPU feature discovery, a cloud or a person marks a GPU node;
// nullptr when there is none.
const Label* gpu_label(const Node& node);
// Advertises GPUs, or is marked as a node that should.
bool is_gpu_node(const Node& node);

// "gpu-a", "gpu-a and gpu-b", "gpu-a, gpu-b and 3 more".
std::string list_names(const std::vector<std::string>& names, std::size_t at_most = 3);
// "1 pod", "3 pods".
std::string count_of(std::int64_t count, std::string_view singular);

// Taints that come and go with a node's state, set by Kubernetes or an autoscaler:
// nobody writes a toleration for them because of GPUs.
bool is_transient(const model::Taint& taint);
// Those that keep pods away for good: NoSchedule or NoExecute and not transient.
std::vector<model::Taint> lasting_taints(const Node& node);

// What running and starting pods have set aside, by node name.
std::map<std::string_view, model::Resources> usage_by_node(const Facts& facts);

// HAMi manages GPU shares: its quota keys and resources follow other rules.
bool has_hami(const Facts& facts);

// Something above the namespace decides who gets GPUs (Kueue, Volcano, KAI, YuniKorn).
bool is_queued(const Pod& pod);
bool is_queued(const Subject& subject);

}  // namespace kai::audit
