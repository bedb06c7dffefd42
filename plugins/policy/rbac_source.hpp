// Roles and bindings out of a cluster or out of files, and what could not be seen of them.
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/rbac.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace kai::policy {

struct NotSeen {
  std::string what;  // "RoleBinding", "ClusterRole edit"
  std::string reason;
};

struct RbacSeen {
  model::Rbac rbac;
  std::vector<NotSeen> not_seen;  // so there may be more than the answer says
};

enum class RbacPart { cluster, cluster_and_namespaces };

// One list for each kind, in pages; `ns`: the only namespace whose Roles and RoleBindings are
// read, empty for all. A kind that may not be read is not seen. Errors: what the server says
// otherwise.
Result<RbacSeen> read_rbac(kube::Client& client, RbacPart part, const std::string& ns);

// The same out of files, in which objects of other kinds do not count. Not seen are roles that
// bindings of that part name and the files do not have; what cluster-admin may is known without
// it. Errors: a document that cannot be read.
Result<RbacSeen> read_rbac_files(const std::vector<std::string>& paths,
                                 const std::string& default_ns, std::istream& in, RbacPart part,
                                 const std::string& ns);

}  // namespace kai::policy
