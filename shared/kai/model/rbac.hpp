// RBAC: roles and bindings as rbac.authorization.k8s.io/v1 has them, and who may do what by
// them, decided as the API server's RBAC authorizer does (VisitRulesFor and RuleAllows of
// k8s.io/kubernetes).
//
// Other authorizers (of nodes, webhooks) may allow more, which is not in RBAC and not here.
// Aggregated ClusterRoles are taken with the rules that the server has filled in. Plain values
// and pure functions; thread-safe to read. Reading never fails: what is absent or of the wrong
// type stays at its default.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::model {

inline constexpr std::string_view k_rbac_api = "rbac.authorization.k8s.io/v1";

// One question: about a resource or, if `url` is set, about a URL ("/metrics").
struct AccessRequest {
  std::string verb;
  std::string group;  // "" for core
  std::string resource;
  std::string subresource;
  std::string name;  // empty: no particular object, as for list and create
  std::string ns;    // empty: a cluster-scoped resource, or all namespaces together
  std::string url;

  // "get pods/exec in namespace team", "get /metrics".
  [[nodiscard]] std::string to_string() const;
};

// --- one rule against one question; for any type of rule that has lists of these names

// Whether the list has it, or "*".
template <class List>
bool has_or_all(const List& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(),
                     [&](std::string_view item) { return item == wanted || item == "*"; });
}

// "*", the same, or "*/SUBRESOURCE".
bool rbac_resource_matches(std::string_view item, std::string_view resource,
                           std::string_view subresource);

// By verb, group and resource, whatever the object's name.
template <class Rule>
bool covers_resource(const Rule& rule, std::string_view verb, std::string_view group,
                     std::string_view resource, std::string_view subresource) {
  return has_or_all(rule.verbs, verb) && has_or_all(rule.groups, group) &&
         std::any_of(rule.resources.begin(), rule.resources.end(), [&](std::string_view item) {
           return rbac_resource_matches(item, resource, subresource);
         });
}

// --- roles and bindings

struct PolicyRule {
  std::vector<std::string> verbs;
  std::vector<std::string> groups;
  std::vector<std::string> resources;  // "pods", "pods/exec", "*/scale", "*"
  std::vector<std::string> names;      // resourceNames; none: every object
  std::vector<std::string> urls;

  static PolicyRule from_json(const Json& rule);

  [[nodiscard]] bool allows(const AccessRequest& request) const;
  // The same for some object or other, whatever its name.
  [[nodiscard]] bool allows_some(const AccessRequest& request) const;
};

struct RbacSubject {
  std::string kind;  // User, Group, ServiceAccount
  std::string ns;    // of a ServiceAccount
  std::string name;

  // "Group researchers", "ServiceAccount team/default".
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const RbacSubject&) const = default;
};

struct RbacBinding {
  std::string ns;  // empty: a ClusterRoleBinding
  std::string name;
  std::string role_kind;  // Role, ClusterRole
  std::string role;
  std::vector<RbacSubject> subjects;  // a ServiceAccount without namespace has the binding's

  [[nodiscard]] bool cluster_wide() const { return ns.empty(); }
  [[nodiscard]] ObjectRef ref() const;
  [[nodiscard]] ObjectRef role_ref() const;
};

// Roles and bindings of one cluster. Each namespace and name is there once: what is added
// later takes its place.
class Rbac {
 public:
  // Takes a Role, ClusterRole, RoleBinding or ClusterRoleBinding; false for any other object.
  // `default_ns` is that of a Role or RoleBinding that names none.
  bool add(const Json& object, std::string_view default_ns = {});

  using Name = std::pair<std::string, std::string>;  // namespace, empty for the cluster's; name
  [[nodiscard]] const std::map<Name, RbacBinding>& bindings() const { return m_bindings; }
  // The rules that a binding gives; nullptr when there is no such role: it gives nothing.
  [[nodiscard]] const std::vector<PolicyRule>* rules_of(const RbacBinding& binding) const;

 private:
  std::map<Name, std::vector<PolicyRule>> m_roles;
  std::map<Name, RbacBinding> m_bindings;
};

// A subject's right, and where it comes from. Points into the Rbac.
struct AccessGrant {
  const RbacSubject* subject = nullptr;
  const RbacBinding* binding = nullptr;
  // The request names no object, and only these are allowed; empty: all are.
  std::vector<std::string> names;
};

enum class Namespaces { of_request, all };

// Everyone who may, by each binding that says so: the cluster's first, by namespace and name.
// With Namespaces::all the request's namespace does not matter: each grant is good where its
// binding is. Bindings of a namespace do not count for a request that has none.
std::vector<AccessGrant> who_can(const Rbac& rbac, const AccessRequest& request,
                                 Namespaces namespaces = Namespaces::of_request);

}  // namespace kai::model
