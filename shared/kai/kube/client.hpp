// Client: the Kubernetes API as this project uses it.
//
// Speaks to one cluster as one user through a Transport. Thread-safe: commands ask
// from several threads, and the transport bounds what is in flight. Errors carry
// the server's reason, status and causes, and name the object.
// API conventions: https://kubernetes.io/docs/reference/using-api/api-concepts/
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/discovery.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/model/resource.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::kube {

inline constexpr std::string_view k_field_manager = "kubectl-ai";

enum class DryRun { none, server };

struct ListOptions {
  std::string ns;  // empty: all namespaces, or a cluster-scoped kind
  std::string label_selector;
  std::string field_selector;
  int limit = 500;              // items a page; 0: no paging
  bool metadata_only = false;   // PartialObjectMetadataList; always used for Secrets
};

struct Page {
  std::string body;  // JSON of a List, for model::parse_list
};

// The pages of one list. While the caller works on a page, the next one is already
// on its way; at most two are held. Not thread-safe itself.
class PageStream {
 public:
  ~PageStream();
  PageStream(PageStream&&) noexcept;
  PageStream& operator=(PageStream&&) noexcept;

  // The next page, or nullopt after the last. An expired continue token (410) is
  // taken up again with the fresh one that the server sends; `inconsistent()`
  // says so afterwards.
  Result<std::optional<Page>> next();
  [[nodiscard]] bool inconsistent() const;

 private:
  friend class Client;
  struct State;
  explicit PageStream(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

enum class Force { no, yes };

struct ApplyOptions {
  DryRun dry_run = DryRun::none;
  Force force = Force::no;  // take fields over from other managers
  std::string field_manager{k_field_manager};
};

enum class PatchType { json, merge, apply };

struct PatchOptions {
  DryRun dry_run = DryRun::none;
  std::string field_manager{k_field_manager};
  std::string subresource;  // "status"
};

enum class Propagation { background, foreground, orphan };

struct DeleteOptions {
  DryRun dry_run = DryRun::none;
  Propagation propagation = Propagation::background;
  std::string uid;  // precondition; empty: none. Makes the delete repeatable
  std::optional<int> grace_period_seconds;
};

struct WatchEvent {
  enum class Type { added, modified, deleted, bookmark } type = Type::added;
  model::Resource object;
};

struct WatchOptions {
  std::string ns;
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // empty: begin with the present state
};

struct LogOptions {
  std::string container;
  bool follow = false;
  std::optional<long> tail_lines;
};

struct ServerVersion {
  std::string git_version;  // "v1.36.3"
  int major = 0;
  int minor = 0;
};

class Client {
 public:
  // Over the real network. Reads credentials; sends nothing yet. `context` must
  // outlive the client.
  static Result<std::unique_ptr<Client>> connect(ClusterAccess access, const Context& context);
  // Over any transport, for tests.
  Client(ClusterAccess access, const Context& context, std::unique_ptr<http::Transport> transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] const ClusterAccess& access() const;

  // --- discovery
  Result<ServerVersion> server_version();
  // By apiVersion and kind. Built-in kinds that every supported server has are
  // known without a request. Errors: not_found when the server does not serve it.
  Result<ResourceType> resource_type(std::string_view api_version, std::string_view kind);
  // By what a user types: "nodes", "node", "no", "deployments.apps", "Deployment".
  Result<ResourceType> find_resource(std::string_view word);
  Result<std::vector<ResourceType>> all_resources();

  // --- reading
  Result<model::Resource> get(const ResourceType& type, std::string_view ns,
                              std::string_view name);
  // nullopt when the object does not exist.
  Result<std::optional<model::Resource>> get_if_exists(const ResourceType& type,
                                                       std::string_view ns, std::string_view name);
  // Sends the first page's request at once.
  PageStream list_pages(const ResourceType& type, const ListOptions& options);
  // Every object of the list, page by page, each handed over once.
  Result<> list(const ResourceType& type, const ListOptions& options,
                const std::function<Result<>(model::Resource&&)>& each);
  Result<std::vector<model::Resource>> list_all(const ResourceType& type,
                                                const ListOptions& options);
  // Lists, then follows changes until `each` returns false, the context is cancelled
  // or the timeout passes (ErrorCode::timed_out). Resumes after closed connections
  // and bookmarks; after 410 the present state is listed again.
  Result<> watch(const ResourceType& type, const WatchOptions& options,
                 std::optional<std::chrono::milliseconds> timeout,
                 const std::function<bool(WatchEvent&&)>& each);
  // Hands over log text as it comes. With follow, resumes by timestamp when the
  // stream ends although the container still runs.
  Result<> logs(std::string_view ns, std::string_view pod, const LogOptions& options,
                const std::function<bool(std::string_view)>& each);

  // --- writing
  Result<model::Resource> create(const model::Resource& object, DryRun dry_run = DryRun::none);
  Result<model::Resource> apply(const model::Resource& object, const ApplyOptions& options = {});
  Result<model::Resource> patch(const ResourceType& type, std::string_view ns,
                                std::string_view name, PatchType patch_type,
                                const model::Json& patch, const PatchOptions& options = {});
  // True when it existed.
  Result<bool> remove(const ResourceType& type, std::string_view ns, std::string_view name,
                      const DeleteOptions& options = {});

  // Requests sent so far, tries included.
  [[nodiscard]] long requests_sent() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::kube
