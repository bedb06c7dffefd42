// The kinds that every supported API server has, known without asking it.
#pragma once

#include <kai/kube/discovery.hpp>

#include <span>

namespace kai::kube {

// Made once; lives as long as the program. In the order in which kubectl prefers them
// when a word fits several.
std::span<const ResourceType> builtin_resources();

}  // namespace kai::kube
