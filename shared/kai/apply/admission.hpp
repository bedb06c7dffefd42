// What can be known of a cluster's admission before anything is written.
#pragma once

#include <kai/kube/client.hpp>
#include <kai/kube/discovery.hpp>

#include <span>

namespace kai::apply {

// Whether every namespace admits objects of these kinds alike: no webhook is asked about
// their creation, and no admission policy is bound. Then what the server says of one object
// holds for all that differ in nothing but their namespace. False when it cannot be known.
// Sends one list for each kind of admission configuration, side by side.
bool admits_alike_everywhere(kube::Client& client, std::span<const kube::ResourceType> kinds);

}  // namespace kai::apply
