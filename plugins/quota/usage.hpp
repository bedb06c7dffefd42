// What pods use of a quota, as the API server counts it. Pure functions.
// Defined by https://kubernetes.io/docs/concepts/policy/resource-quotas/ and the pod evaluator
// of Kubernetes' quota controller.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/profile.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::quota {

// One container's own requests and limits.
struct ContainerAmounts {
  std::string name;
  model::ResourceAmounts requests;  // a limit without a request is one
  model::ResourceAmounts limits;
};

struct PodUse {
  std::string ns;
  std::string name;
  std::string owner;  // "ReplicaSet web-6d4b"; empty: on its own
  std::string priority;
  // By quota keys: pods, count/pods, cpu, requests.cpu, limits.cpu, requests.nvidia.com/gpu …
  model::ResourceAmounts used;
  std::vector<ContainerAmounts> containers;  // init containers, too
  bool pod_level = false;                    // has requests or limits of its own

  // nullopt for pods that no quota counts: those that are done.
  static std::optional<PodUse> from_json(const model::Json& pod);
};

// Whether pods alone decide how much of a key is used.
bool is_of_pods(std::string_view key);

// What a container has after a LimitRange gave it what it lacks.
ContainerAmounts with_defaults(ContainerAmounts container,
                               const std::vector<model::ContainerDefaults>& defaults);

// Why a pod like this one would be refused under the quota and the defaults; empty: it would
// not. Whether there is room left is another question.
std::string why_refused(const PodUse& pod, const model::ResourceAmounts& hard,
                        const std::vector<model::ContainerDefaults>& defaults);

}  // namespace kai::quota
