// Failures as errors: Status bodies of the API server, answers that are none, and
// broken connections, each told with the object, the cluster and the user.
//
// Internal to kai/kube. Pure functions but for the clock; thread-safe.
// Status:
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/error.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/discovery.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/model/json.hpp>

#include <string>
#include <string_view>

namespace kai::kube {

// What a request is for, in the API's own terms.
struct Operation {
  std::string_view verb;               // "get", "list", "apply", …; empty: none of these
  const ResourceType* type = nullptr;  // must outlive the operation
  std::string ns;
  std::string name;
  std::string subresource;
  std::string what;  // used instead of the above: "reading the server's version"

  // "getting Node gpu-a", "listing pods in namespace ai".
  [[nodiscard]] std::string doing() const;
};

// The error for an answer that is no success. `status` is its parsed body, where it
// is a Status (also one inside a watch).
Error status_error(int http_status, const model::Json& status, const Operation& operation);

// The same from the body of an answer, with what is known about the cluster and user.
Error response_error(const http::Response& response, const Operation& operation,
                     const ClusterAccess& access, const Context& context);

// A request that had no answer: adds where it went and what to do.
Error connection_error(Error error, const Operation& operation, const ClusterAccess& access,
                       const Context& context);

}  // namespace kai::kube
