// ClusterFacts: what the cluster says about GPUs, read once per command.
//
// Lists come in pages and side by side; each object is reduced to what is needed and
// dropped. What may not be read is named, not guessed.
#pragma once

#include "workload.hpp"

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/node.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kai::gpu {

struct ClusterFacts {
  std::vector<model::Node> nodes;  // sorted by name
  std::vector<model::Pod> pods;
  std::vector<DaemonSet> daemon_sets;
  bool has_cluster_policy = false;
  // "pods: forbidden": what this user could not see, and with it what stays unknown.
  std::vector<std::string> not_read;

  [[nodiscard]] const model::Node* node(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> node_names() const;
};

enum class PodsOf { nobody, every_node, gpu_users };

struct FactsWanted {
  PodsOf pods = PodsOf::nobody;
  bool daemon_sets = false;
};

// gpu_users keeps, of the running pods, those that hold GPUs or belong to a device plugin;
// every_node keeps all that are bound to a node. Errors: nodes that cannot be read; the
// rest becomes not_read when it is forbidden.
Result<ClusterFacts> collect(kube::Client& client, const FactsWanted& wanted);

// A pod of a device plugin's DaemonSet, by its owner and name.
bool is_plugin_pod(const model::Pod& pod);

// What the pods of each node have set aside, "pods" included.
std::map<std::string, model::Resources, std::less<>> usage_by_node(
    const std::vector<model::Pod>& pods);

}  // namespace kai::gpu
