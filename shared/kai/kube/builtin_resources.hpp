// The kinds that every supported API server has, known without asking it.
#pragma once

#include <kai/kube/discovery.hpp>

#include <span>
#include <string_view>

namespace kai::kube {

// Made once; lives as long as the program. In the order in which kubectl prefers them
// when a word fits several.
std::span<const ResourceType> builtin_resources();

// By what a user types, as Client::find_resource() does; nullptr when none of them is meant.
const ResourceType* find_builtin(std::string_view word);

}  // namespace kai::kube
