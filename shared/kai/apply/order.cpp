#include <kai/apply/order.hpp>

#include <array>
#include <string_view>

namespace kai::apply {

namespace {

constexpr std::array<std::string_view, 2> k_definitions = {"CustomResourceDefinition", "Namespace"};

// In the order in which they are written; kinds that are not listed come after them.
constexpr std::array<std::string_view, 10> k_order = {
    "ResourceQuota",      "LimitRange",  "ServiceAccount", "ClusterRole", "Role",
    "ClusterRoleBinding", "RoleBinding", "Secret",         "ConfigMap",   "Service"};

}  // namespace

Stage stage_of(const model::ObjectRef& ref) {
  for (const std::string_view kind : k_definitions) {
    if (ref.kind == kind) return Stage::definitions;
  }
  if (ref.ns.empty() && ref.kind.ends_with("Class")) return Stage::classes;
  return Stage::rest;
}

int rank_of(const model::ObjectRef& ref) {
  int rank = 0;
  for (const std::string_view kind : k_order) {
    if (ref.kind == kind) return rank;
    ++rank;
  }
  // Webhooks last: they can reject everything that comes after them.
  return ref.kind.ends_with("WebhookConfiguration") ? rank + 1 : rank;
}

}  // namespace kai::apply
