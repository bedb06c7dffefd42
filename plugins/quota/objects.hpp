// The objects that a namespace's quota is made of. Pure functions.
#pragma once

#include "request.hpp"

#include <kai/model/resource.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::quota {

inline constexpr std::string_view k_component = "kubectl-ai-quota";

// "kubectl-ai", or "kubectl-ai-priority-<class>".
std::string quota_name(std::string_view priority);

// ResourceQuotas and the LimitRange, every field as the server stores it.
std::vector<model::Resource> objects_of(const Wanted& wanted);

}  // namespace kai::quota
