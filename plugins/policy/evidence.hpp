// What `policy test` goes by: the two sides and the policies of their namespaces, read from
// the cluster or from files.
#pragma once

#include "target.hpp"

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/network_reach.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace kai::policy {

struct Evidence {
  model::Endpoint from;
  model::Endpoint to;
  std::vector<model::NetworkPolicy> policies;  // of the pods' namespaces
  std::vector<std::string> notes;              // what the answer is less sure for
};

// The two pods, their namespaces and the policies there, all at once; NetworkPolicies and the
// kinds that are not evaluated each by one list. Who may not read a Namespace is answered all the
// same where no policy asks for labels of it other than its name. Errors: not_found with the
// nearest name; what the server says.
Result<Evidence> read_cluster(kube::Client& client, const Target& from, const Target& to);

// The same out of files; documents of other kinds than these do not count. `default_ns` is that of
// objects that name none. Errors: a document that cannot be read; not_found.
Result<Evidence> read_files(const std::vector<std::string>& paths, const std::string& default_ns,
                            std::istream& in, const Target& from, const Target& to);

}  // namespace kai::policy
