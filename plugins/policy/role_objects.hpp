// The roles that a profile can grant, and who has them in a namespace. Pure functions.
//
// Nothing of them leads out of the namespace: no secret can be read, no right given or
// borrowed (roles, bindings, impersonation, tokens of service accounts), and what limits the
// namespace (quotas, policies, its labels) cannot be changed. Who may create pods can use the
// rights of the namespace's service accounts, which is why `policy status` looks at these.
#pragma once

#include "request.hpp"

#include <kai/model/resource.hpp>

#include <string_view>
#include <vector>

namespace kai::policy {

// The Role and the RoleBinding of each role, every field as the server stores it.
std::vector<model::Resource> role_objects(const Wanted& wanted);

}  // namespace kai::policy
