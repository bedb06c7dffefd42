// The flows that new NetworkPolicies would cut, of those that leave a trace in the API. Judged
// by the same function as `policy test`. Pure functions.
#pragma once

#include "request.hpp"
#include "surroundings.hpp"

#include <kai/audit/facts/facts.hpp>
#include <kai/model/network_policy.hpp>
#include <kai/output/impact_text.hpp>

#include <vector>

namespace kai::policy {

// `after`: the policies of the wanted namespaces as they would be; `facts` say what makes a
// pod, for names.
std::vector<output::Impact> cut_flows(const Request& request, const Surroundings& around,
                                      const std::vector<model::NetworkPolicy>& after,
                                      const audit::Facts* facts);

}  // namespace kai::policy
