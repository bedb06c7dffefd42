// Discovery: which resources the API server serves.
//
// Uses aggregated discovery where the server has it, one request per group-version
// where not; cached on disk as kubectl does, and refreshed once when something is
// missing from it.
#pragma once

#include <kai/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::kube {

struct ResourceType {
  std::string group;    // "" for core
  std::string version;
  std::string kind;
  std::string plural;   // "pods"
  bool namespaced = false;
  std::vector<std::string> verbs;
  std::vector<std::string> short_names;

  // "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
  // "/api/v1/namespaces/NS/pods/NAME"; ns and name may be empty.
  [[nodiscard]] std::string path(std::string_view ns = {}, std::string_view name = {}) const;
  // "pods" or "deployments.apps", for messages.
  [[nodiscard]] std::string qualified() const;
};

}  // namespace kai::kube
