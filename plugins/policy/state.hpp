// What the cluster has that policies are about, read with one list for each kind.
#pragma once

#include "request.hpp"
#include "surroundings.hpp"

#include <kai/audit/facts/facts.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/resource.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kai::policy {

struct ClusterState {
  // By name, with who set which label.
  std::map<std::string, model::Resource, std::less<>> namespaces;
  // Pods and what makes them, in the namespaces that are asked about, as the audit sees them.
  std::optional<audit::Facts> facts;
  // Of the namespaces that are asked about, with who set which field.
  std::vector<model::Resource> policies;
  std::vector<model::Resource> roles;
  std::vector<model::Resource> bindings;
  std::vector<model::Resource> cluster_bindings;  // read for status alone
  Surroundings around;                            // where a namespace shall be closed
  std::vector<std::string> not_read;              // "Pod: forbidden: …"

  [[nodiscard]] const model::Resource* find_namespace(std::string_view name) const;
};

// What the request needs. Kinds that may not be read are said in `not_read`, but for those
// that would be written. Errors: of these.
Result<ClusterState> read_state(kube::Client& client, const Request& request);
// Pods and what makes them, in `ns` or everywhere. Kinds that may not be read are said in
// `not_read`.
Result<std::vector<model::Resource>> read_workloads(kube::Client& client, const std::string& ns,
                                                    std::vector<std::string>& not_read);
// What undo looks at, in `ns` or everywhere.
Result<ClusterState> read_owned(kube::Client& client, const std::string& ns);
// The same and what gives rights beyond namespaces.
Result<ClusterState> read_for_status(kube::Client& client, const std::string& ns);

}  // namespace kai::policy
