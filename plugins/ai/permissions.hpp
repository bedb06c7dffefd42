// Which rights the plugins' commands need, and whether this user has them.
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::ai {

struct Permission {
  std::string_view verb;
  std::string_view api_version;
  std::string_view kind;
};

// What a command does in the cluster, in all namespaces.
struct Duty {
  std::string_view name;     // "gpu setup"
  std::string_view hint;     // when something is refused
  bool is_essential = true;  // it does not work at all without
  std::vector<Permission> permissions;
};
std::vector<Duty> duties();

// Those of `wanted` that the API server would refuse, in its words: "list pods",
// "patch daemonsets.apps". Kinds that it does not serve are left out. Asks by
// SelfSubjectAccessReview, side by side.
Result<std::vector<std::string>> refused(kube::Client& client,
                                         const std::vector<Permission>& wanted);

}  // namespace kai::ai
