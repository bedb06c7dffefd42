// What the cluster has that quotas are about, read with one list for each kind.
#pragma once

#include "usage.hpp"

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/quantity.hpp>
#include <kai/model/resource.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kai::quota {

struct ClusterState {
  std::set<std::string, std::less<>> namespaces;
  std::set<std::string, std::less<>> terminating;  // of these
  std::vector<model::Resource> quotas;
  std::vector<model::Resource> limit_ranges;
  std::vector<PodUse> pods;
  // Allocatable GPU resources of all nodes, by name; nullopt: nodes could not be read.
  std::optional<model::ResourceAmounts> gpus;
  std::vector<std::string> not_read;  // "Node: forbidden: …"
};

// `ns` empty: of the whole cluster; else namespaced kinds of this namespace alone. Pods and
// nodes that may not be read are said in `not_read`. Errors: of the other kinds.
Result<ClusterState> read_cluster(kube::Client& client, const std::string& ns);

// ResourceQuotas and LimitRanges alone.
Result<ClusterState> read_quotas(kube::Client& client, const std::string& ns);

}  // namespace kai::quota
