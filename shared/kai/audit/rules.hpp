// The table of all rules.
#pragma once

#include <kai/audit/rule.hpp>

#include <span>
#include <string>
#include <string_view>

namespace kai::audit {

// Sorted by id.
std::span<const Rule* const> all_rules();
// nullptr when there is none of that id.
const Rule* find_rule(std::string_view id);
// There is no rule "gpu-pendng"; did you mean "gpu-pending"?, as an error begins.
std::string no_such_rule(std::string_view id);

}  // namespace kai::audit
