// Who has rights on purpose: subjects of Kubernetes itself and of the infrastructure that runs
// the cluster. Pure functions.
#pragma once

#include <string_view>

namespace kai::audit {

// `ns`: of a ServiceAccount. Never for groups that mean everybody.
bool is_system_subject(std::string_view kind, std::string_view ns, std::string_view name);

}  // namespace kai::audit
