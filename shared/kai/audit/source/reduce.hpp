// Reduction: objects without what facts are not made of, for what keeps objects.
//
// The facts of a reduced object are those of the object itself; a test holds this against
// every golden case. Pure functions over values.
#pragma once

#include <kai/audit/kinds.hpp>
#include <kai/model/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace kai::audit {

// Drops kubectl's copy of what was once applied: values that have been moved to Secrets
// since are still in it.
void drop_last_applied(model::Json& object);

// Of a ConfigMap, keeps the entries that rules read. Whatever else it holds, passwords
// perhaps, stays where it is. `rename` is applied to users that are nobody's default.
void keep_read_entries(model::Json& config_map,
                       const std::function<std::string(std::string_view)>& rename);

// Drops what no fact is made of, and what tells replicas of a pod apart without being one:
// their token volumes, host names and the like. So replicas read the same but for their
// names, nodes and times, and an object that changes otherwise has changed for rules.
void reduce(Kind kind, model::Json& object);

}  // namespace kai::audit
