// Discovery: which resources the API server serves.
//
// Uses aggregated discovery where the server has it, one request per group-version
// where not; cached on disk as kubectl does, and refreshed once when something is
// missing from it.
#pragma once

#include <kai/base/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kai::kube {

struct ResourceType {
  std::string group;  // "" for core
  std::string version;
  std::string kind;
  std::string plural;  // "pods"
  bool namespaced = false;
  std::vector<std::string> verbs{};
  std::vector<std::string> short_names{};
  std::string singular{};  // "pod"; empty when the server does not say

  // "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
  // "/api/v1/namespaces/NS/pods/NAME"; ns and name may be empty. Without ns the path
  // of a namespaced kind stands for all namespaces.
  [[nodiscard]] std::string path(std::string_view ns = {}, std::string_view name = {}) const;
  // "pods" or "deployments.apps", for messages.
  [[nodiscard]] std::string qualified() const;
  // Whether the server lists `verb` for it.
  [[nodiscard]] bool allows(std::string_view verb) const;
};

// A group-version whose API server (an APIService of the aggregation layer) does not
// answer, so that nothing is known about its kinds.
struct StaleGroupVersion {
  std::string group;
  std::string version;
};

// Everything that a server serves, as of one moment.
struct Catalog {
  // In the server's order of groups; within a group its preferred version first.
  std::vector<ResourceType> resources;
  std::vector<StaleGroupVersion> stale;
};

class Requester;

// The catalog of one server. Thread-safe: one thread asks the server, others wait.
class Discovery {
 public:
  // `requester` must outlive it.
  explicit Discovery(Requester& requester);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // See Client for the meaning of these.
  Result<ResourceType> resource_type(std::string_view api_version, std::string_view kind);
  Result<ResourceType> find_resource(std::string_view word);
  Result<Catalog> catalog();
  // What has been learned is out of date; the next question goes to the server.
  void forget();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::kube
