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

#include <chrono>
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
  int limit = 500;             // items a page; 0: no paging
  bool metadata_only = false;  // PartialObjectMetadataList; always used for Secrets
  // Who set which field: half of what an object weighs.
  model::ManagedFields managed_fields = model::ManagedFields::managers_only;
};

struct Page {
  std::string body;  // JSON of a List
  ResourceType type;
  model::ManagedFields managed_fields = model::ManagedFields::managers_only;

  // Parses the items one by one, each with its apiVersion and kind (which the server
  // leaves out of lists). Errors: the sink's, or invalid_input.
  Result<model::ListHeader> each(const model::ItemSink& sink) const;
};

// The pages of one list. While the caller works on a page, the next one is already
// on its way; at most two are held. Not thread-safe itself.
class PageStream {
 public:
  ~PageStream();
  PageStream(PageStream&&) noexcept;
  PageStream& operator=(PageStream&&) noexcept;

  // The next page, or nullopt after the last. No object comes twice: an expired
  // continue token (410) is taken up again behind the last page with the fresh token
  // that the server sends, and `inconsistent()` says so afterwards. Errors: `gone`
  // when the server sends no such token after some pages were handed over; begin
  // anew then.
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
  // Receives the server's warnings, which then are not shown, now or when they come again.
  // May be null.
  std::vector<std::string>* warnings = nullptr;
};

enum class PatchType { json, merge, apply };

// Whether a request may be sent again when its answer got lost. What then comes back can
// be the answer to the second time: a conflict, or that the object exists already.
enum class Repeat { no, yes };

struct PatchOptions {
  DryRun dry_run = DryRun::none;
  Repeat repeat = Repeat::no;  // yes: for patches that test the resourceVersion
  std::string field_manager{k_field_manager};
  std::string subresource;  // "status"
  // Receives the server's warnings, which then are not shown, now or when they come again.
  // May be null.
  std::vector<std::string>* warnings = nullptr;
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

// How a watch fares, for callers that keep what they are told and stay through trouble.
// Called on the watch's thread.
class WatchObserver {
 public:
  WatchObserver() = default;
  virtual ~WatchObserver() = default;
  WatchObserver(const WatchObserver&) = delete;
  WatchObserver& operator=(const WatchObserver&) = delete;

  // The present state follows, each object as added...
  virtual void listing() = 0;
  // ...and that was all of it: what did not come is not there. False ends the watch.
  virtual bool listed() = 0;
  // It broke off and could not be taken up again; it goes on trying.
  virtual void lost(const Error& error) = 0;
  // It has been taken up again, and what happened meanwhile has been told.
  virtual void regained() = 0;
};

struct WatchOptions {
  std::string ns;
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // empty: begin with the present state
  int limit = 500;               // items a page of its lists; 0: no paging
  bool metadata_only = false;    // PartialObjectMetadata; always used for Secrets
  // With one, the watch remembers nothing, so that a list is told in full, and an error
  // that may pass never ends a watch that has worked. May be null.
  WatchObserver* observer = nullptr;
};

struct LogOptions {
  std::string container;
  bool follow = false;
  std::optional<long> tail_lines;
};

struct ServerVersion {
  std::string git_version;  // "v1.36.3"
  // The server's clock when it answered, to the second; nullopt when it did not say.
  std::optional<std::chrono::system_clock::time_point> time;
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
  // Errors: not_found, with the nearest word.
  Result<ResourceType> find_resource(std::string_view word);
  // Every version of every kind, a group's preferred version first.
  Result<std::vector<ResourceType>> all_resources();
  // The same, and what cannot be known because its API server does not answer.
  Result<Catalog> catalog();
  // Asks the server anew when something is looked up next: kinds have come or gone.
  // Writing a CustomResourceDefinition or an APIService through this client does it.
  void forget_discovery();

  // --- reading
  Result<model::Resource> get(const ResourceType& type, std::string_view ns, std::string_view name);
  // nullopt when the object does not exist. A kind that is not served is an error.
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
  // and bookmarks; after 410 the present state is listed again. See WatchObserver for
  // callers that stay.
  Result<> watch(const ResourceType& type, const WatchOptions& options,
                 std::optional<std::chrono::milliseconds> timeout,
                 const std::function<bool(WatchEvent&&)>& each);
  // Hands over log text as it comes. With follow, resumes by timestamp when the
  // stream ends although the container still runs.
  Result<> logs(std::string_view ns, std::string_view pod, const LogOptions& options,
                const std::function<bool(std::string_view)>& each);

  // --- writing
  // Objects of a namespaced kind without a namespace go to the one of the context.
  Result<model::Resource> create(const model::Resource& object, DryRun dry_run = DryRun::none,
                                 Repeat repeat = Repeat::no);
  // Server-side apply. Errors: conflict, with a cause of reason FieldManagerConflict per
  // field that another manager owns.
  Result<model::Resource> apply(const model::Resource& object, const ApplyOptions& options = {});
  Result<model::Resource> patch(const ResourceType& type, std::string_view ns,
                                std::string_view name, PatchType patch_type,
                                const model::Json& patch, const PatchOptions& options = {});
  // True when it existed. Errors: conflict when it has another uid than the given one.
  Result<bool> remove(const ResourceType& type, std::string_view ns, std::string_view name,
                      const DeleteOptions& options = {});

  // Requests sent so far, tries included.
  [[nodiscard]] long requests_sent() const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace kai::kube
