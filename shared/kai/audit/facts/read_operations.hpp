// How objects become Operations. Internal to facts/, like reader.hpp.
#pragma once

#include <kai/audit/facts/operations.hpp>

namespace kai::audit {

// Takes the kinds that Operations has, and answers whether this is one of them. `newest`
// becomes the newest time that the object mentions, if that is later.
bool read_operations(Kind kind, const model::Json& object, const Head& head, Facts& facts,
                     Seconds& newest);
// The claims that a pod mounts.
void read_claim_uses(const model::Json& object, const Pod& pod, Facts& facts);
// Configuration files of kubelet and kube-apiserver, which look like objects but are no
// API's; answers whether this is one of them.
bool read_configuration(const model::Json& object, const Head& head, Facts& facts);

void sort_operations(Operations& operations);

}  // namespace kai::audit
