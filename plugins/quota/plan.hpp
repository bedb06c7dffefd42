// From what is wanted and what is there to steps, and whom they hit. Pure functions.
#pragma once

#include "cluster.hpp"
#include "request.hpp"

#include <kai/apply/step.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/output/impact_text.hpp>

#include <string>
#include <vector>

namespace kai::quota {

// A quota's key in a namespace: what its pods use now, and what they will be allowed.
struct UseLine {
  std::string ns;
  std::string priority;  // of the quota
  std::string key;
  std::optional<model::Quantity> used;  // nullopt: known only once the quota is there
  model::Quantity hard;
};

struct QuotaPlan {
  std::vector<apply::Step> steps;
  std::vector<output::Impact> impacts;
  std::vector<std::string> notes;
  std::vector<UseLine> use;
};

// Errors: conflict, when an object under a name of ours is somebody else's and force is off.
Result<QuotaPlan> make_plan(const Request& request, const ClusterState& state, kube::Force force);

// Takes away all of ours in the state; objects that others apply as well stay, with a note,
// unless forced.
QuotaPlan make_undo(const ClusterState& state, kube::Force force);

}  // namespace kai::quota
