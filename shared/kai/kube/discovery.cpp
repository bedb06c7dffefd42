#include <kai/kube/builtin_resources.hpp>
#include <kai/kube/catalog.hpp>
#include <kai/kube/discovery.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/kube/requester.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace kai::kube {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::hours k_disk_age{6};  // as kubectl
// What is missing is asked for again when the catalog is older than this: kinds come
// into being while we run, but thirty missing kinds must not make thirty refreshes.
constexpr std::chrono::seconds k_fresh{10};

// The requests of one refresh, all on their way at once.
class Batch {
 public:
  explicit Batch(Requester& requester) : m_requester(requester) {}

  std::vector<Result<model::Json>> fetch(const std::vector<std::string>& paths,
                                         std::string_view accept) {
    struct Shared {
      std::mutex mutex;
      std::condition_variable done;
      std::vector<std::optional<Result<http::Response>>> answers;
      std::size_t open = 0;
    };
    const auto shared = std::make_shared<Shared>();
    shared->answers.resize(paths.size());
    shared->open = paths.size();
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const auto finish = [shared, i](Result<http::Response> result) {
        const std::lock_guard lock(shared->mutex);
        shared->answers[i] = std::move(result);
        if (--shared->open == 0) shared->done.notify_one();
      };
      auto started = m_requester.start(call(paths[i], accept), finish);
      if (!started) finish(fail(std::move(started).error()));
    }
    std::unique_lock lock(shared->mutex);
    shared->done.wait(lock, [&] { return shared->open == 0; });

    std::vector<Result<model::Json>> documents;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      documents.push_back(document(paths[i], accept, *std::move(shared->answers[i])));
    }
    return documents;
  }

 private:
  static Call call(const std::string& path, std::string_view accept) {
    Call call;
    call.path = path;
    call.accept = accept;
    return call;
  }

  Result<model::Json> document(const std::string& path, std::string_view accept,
                               Result<http::Response> answer) {
    Operation operation;
    operation.what = "asking the server what it serves at " + path;
    // send() renews the credentials and tries again.
    if (answer && answer->status == 401)
      return m_requester.send_for_json(operation, call(path, accept));
    if (auto error = m_requester.to_error(answer, operation)) return fail(*std::move(error));
    auto body = model::parse_json(answer->body);
    if (!body) {
      return fail(Error(ErrorCode::server, "the answer is not JSON: " + body.error().to_string())
                      .while_doing(operation.doing()));
    }
    return body;
  }

  Requester& m_requester;
};

std::string group_version_path(const StaleGroupVersion& where) {
  if (where.group.empty()) return "/api/" + escape_url(where.version);
  return "/apis/" + escape_url(where.group) + "/" + escape_url(where.version);
}

// Servers before 1.26, and proxies that drop the parameters of Accept.
Result<Catalog> fetch_group_by_group(Batch& batch, const model::Json& core,
                                     const model::Json& groups) {
  std::vector<StaleGroupVersion> all = group_versions(core);
  for (StaleGroupVersion& each : group_versions(groups)) all.push_back(std::move(each));
  std::vector<std::string> paths;
  for (const StaleGroupVersion& each : all) paths.push_back(group_version_path(each));

  Catalog catalog;
  const auto documents = batch.fetch(paths, "application/json");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (documents[i]) {
      add_resource_list(*documents[i], all[i], catalog);
    } else if (documents[i].error().code == ErrorCode::cancelled ||
               documents[i].error().code == ErrorCode::unauthorized) {
      return fail(documents[i].error());
    } else {
      catalog.stale.push_back(all[i]);
    }
  }
  return catalog;
}

Result<Catalog> fetch_catalog(Requester& requester) {
  Batch batch(requester);
  auto documents = batch.fetch({"/api", "/apis"}, k_aggregated_discovery);
  // A server that only serves groups (an aggregated one, asked directly) has no /api.
  if (!documents[0] && documents[0].error().code == ErrorCode::not_found) {
    documents[0] = model::Json::object();
  }
  for (const auto& document : documents) {
    if (!document) return fail(document.error());
  }
  if (!is_aggregated(*documents[1])) {
    return fetch_group_by_group(batch, *documents[0], *documents[1]);
  }
  Catalog catalog;
  add_aggregated(*documents[0], catalog);
  add_aggregated(*documents[1], catalog);
  return catalog;
}

bool is_stale(const Catalog& catalog, std::string_view group) {
  return std::any_of(catalog.stale.begin(), catalog.stale.end(),
                     [&](const StaleGroupVersion& stale) { return stale.group == group; });
}

Error not_served(const Catalog& catalog, std::string_view api_version, std::string_view kind) {
  const std::string group(api_version.substr(
      0, api_version.find('/') == std::string_view::npos ? 0 : api_version.find('/')));
  Error error(ErrorCode::not_found,
              "the server does not serve " + std::string(kind) + " in " + std::string(api_version));
  if (is_stale(catalog, group)) {
    error.message += ": the API server behind " + group + " does not answer";
    error.hint = "see `kubectl get apiservices`";
    return error;
  }
  for (const ResourceType& type : catalog.resources) {
    if (type.kind == kind) {
      error.hint = "it is served in " + type.api_version();
      return error;
    }
  }
  error.hint = "its CustomResourceDefinition may not be installed";
  return error;
}

Error unknown_word(const Catalog& catalog, std::string_view word) {
  Error error(ErrorCode::not_found,
              "the server has no resource type \"" + std::string(word) + "\"");
  std::vector<std::string> known;
  for (const ResourceType& type : catalog.resources) {
    known.push_back(type.plural);
    if (!type.singular.empty()) known.push_back(type.singular);
  }
  if (const auto nearest = model::nearest_name(word, known)) {
    error.hint = "did you mean " + *nearest + "?";
  } else {
    error.hint = "`kubectl api-resources` lists what there is";
  }
  return error;
}

}  // namespace

std::string ResourceType::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string ResourceType::path(std::string_view ns, std::string_view name) const {
  std::string text = group_version_path({group, version});
  if (namespaced && !ns.empty()) text += "/namespaces/" + escape_url(ns);
  text += "/" + plural;
  if (!name.empty()) text += "/" + escape_url(name);
  return text;
}

std::string ResourceType::qualified() const {
  return group.empty() ? plural : plural + "." + group;
}

bool ResourceType::allows(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

struct Discovery::State {
  explicit State(Requester& with) : requester(with) {}

  // Looks in what is known, then asks the server if that may help. `find` returns null
  // when there is nothing. Called with the lock held.
  template <class Find, class Missing>
  Result<ResourceType> look_up(const Find& find, const Missing& missing) {
    KAI_TRY(load());
    if (const ResourceType* type = find(catalog->resources)) return *type;
    if (!fetched_at || SteadyClock::now() - *fetched_at > k_fresh) {
      KAI_TRY(fetch());
      if (const ResourceType* type = find(catalog->resources)) return *type;
    }
    return fail(missing(*catalog));
  }

  Result<> load() {
    if (catalog) return {};
    const ClusterAccess& access = requester.access();
    if (use_disk && !access.cache_dir.empty()) {
      catalog = load_catalog(catalog_path(access.cache_dir, access.server), access.server,
                             requester.context().clock(), k_disk_age);
      if (catalog) return {};
    }
    return fetch();
  }

  Result<> fetch() {
    KAI_TRY_ASSIGN(catalog, fetch_catalog(requester));
    fetched_at = SteadyClock::now();
    use_disk = true;
    const ClusterAccess& access = requester.access();
    if (access.cache_dir.empty()) return {};
    // A cache that cannot be written only costs the next command a request.
    const auto saved =
        save_catalog(catalog_path(access.cache_dir, access.server), access.server, *catalog);
    if (!saved) requester.context().log.write(4, saved.error().to_string());
    return {};
  }

  Requester& requester;
  std::mutex mutex;  // guards all of the below, also while the server is asked
  std::optional<Catalog> catalog;
  std::optional<SteadyClock::time_point> fetched_at;  // unset: the catalog is from disk
  bool use_disk = true;
};

Discovery::Discovery(Requester& requester) : m_state(std::make_unique<State>(requester)) {}

Discovery::~Discovery() = default;

Result<ResourceType> Discovery::resource_type(std::string_view api_version, std::string_view kind) {
  if (const ResourceType* type = find_kind(builtin_resources(), api_version, kind)) return *type;
  const std::lock_guard lock(m_state->mutex);
  return m_state->look_up(
      [&](const auto& resources) { return find_kind(resources, api_version, kind); },
      [&](const Catalog& catalog) { return not_served(catalog, api_version, kind); });
}

Result<ResourceType> Discovery::find_resource(std::string_view word) {
  if (const ResourceType* type = find_builtin(word)) return *type;
  const std::lock_guard lock(m_state->mutex);
  return m_state->look_up([&](const auto& resources) { return find_word(resources, word); },
                          [&](const Catalog& catalog) { return unknown_word(catalog, word); });
}

Result<Catalog> Discovery::catalog() {
  const std::lock_guard lock(m_state->mutex);
  KAI_TRY(m_state->load());
  return *m_state->catalog;
}

void Discovery::forget() {
  const std::lock_guard lock(m_state->mutex);
  m_state->catalog.reset();
  m_state->fetched_at.reset();
  m_state->use_disk = false;
}

}  // namespace kai::kube
