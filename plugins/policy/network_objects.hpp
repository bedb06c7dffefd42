// The NetworkPolicies that close a namespace and open what it needs. Pure functions.
//
// What a profile asks for is one policy, "kubectl-ai", so that there is no moment in which a
// namespace is closed and its DNS not open. Pods that the API server calls (webhooks,
// aggregated APIs) have a policy of their own, since it opens a port of theirs alone.
#pragma once

#include "request.hpp"
#include "surroundings.hpp"

#include <kai/base/result.hpp>
#include <kai/model/resource.hpp>

#include <string>
#include <vector>

namespace kai::policy {

struct NetworkObjects {
  std::vector<model::Resource> policies;  // every field as the server stores it
  std::vector<std::string> notes;
};

// Errors: not_found, when the API server's endpoints are wanted and not known.
Result<NetworkObjects> network_objects(const Wanted& wanted, const Surroundings& around);

}  // namespace kai::policy
