// Whether an object already is as a configuration wants it, told without asking the server.
// A pure function.
#pragma once

#include <kai/model/resource.hpp>

namespace kai::apply {

// True only when applying `config` is sure to change nothing: every field of it is in `live`
// with the same value, and our field manager owns these fields and no others. False when it
// cannot be told: the server merged a list by keys of its own, has filled in defaults or has
// written a value differently, or `live` came without managedFields' fields.
bool is_applied(const model::Resource& live, const model::Resource& config);

}  // namespace kai::apply
