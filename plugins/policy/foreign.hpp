// Policies of other APIs (Cilium, Calico, the admin policies) that bear on a namespace.
// `policy test` reads NetworkPolicies alone, so it says which others there are.
#pragma once

#include <kai/kube/client.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kai::policy {

// What was found, by kind. Not thread-safe.
class ForeignPolicies {
 public:
  // `namespaces`: those that count; policies of a whole cluster count always.
  explicit ForeignPolicies(std::set<std::string> namespaces)
      : m_namespaces(std::move(namespaces)) {}

  static bool is_kind(std::string_view api_version, std::string_view kind);

  // Nothing happens for an object that does not count; `ns` of a cluster-scoped one is
  // passed over.
  void add(std::string_view api_version, std::string_view kind, std::string_view ns,
           std::string_view name);
  // Lists the metadata of each kind that the server serves, once. What cannot be read is
  // noted, never an error.
  void read(kube::Client& client);

  // One sentence for each kind.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  std::set<std::string> m_namespaces;
  // By "CiliumNetworkPolicy" or, where Kubernetes has one of that name, "NetworkPolicy.GROUP".
  std::map<std::string, std::set<std::string>> m_found;
  std::vector<std::string> m_unread;
};

}  // namespace kai::policy
