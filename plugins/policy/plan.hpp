// From what is wanted and what is there to steps, and whom they hit. Pure functions.
#pragma once

#include "request.hpp"
#include "state.hpp"

#include <kai/apply/step.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/output/impact_text.hpp>

#include <string>
#include <vector>

namespace kai::policy {

inline constexpr std::string_view k_component = "kubectl-ai-policy";

// Whether `apply` has made it: by its labels and its field manager.
bool is_ours(const model::Resource& object);

struct PolicyPlan {
  std::vector<apply::Step> steps;
  std::vector<output::Impact> impacts;
  std::vector<std::string> notes;
  bool cuts = false;  // flows that go through now
};

// Errors: invalid_input, for a namespace that is going away; conflict, when an object under a
// name of ours is somebody else's and force is off.
Result<PolicyPlan> make_plan(const Request& request, const ClusterState& state, kube::Force force);

// Takes away all of ours in the state; objects that others apply as well stay, with a note,
// unless forced.
PolicyPlan make_undo(const ClusterState& state, kube::Force force);

}  // namespace kai::policy
