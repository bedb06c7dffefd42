#include <kai/audit/source/cluster_watch.hpp>

#include <kai/audit/facts/builder.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/audit/source/object_store.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

namespace kai::audit {
namespace {

using FollowingState = Following::State;
using SteadyClock = std::chrono::steady_clock;

// Lists at a time, as in read_cluster(): each holds up to two pages.
constexpr int k_lists = 3;
// How often a thread that waits for others looks whether the user has had enough.
constexpr std::chrono::milliseconds k_glance{100};

}  // namespace

struct ClusterWatch::State {
  enum class Phase { listing, following, ending };

  class Observer;

  State(kube::Client& with, const Context& world, std::span<const Rule* const> all,
        ClusterWatchOptions given)
      : client(with), context(world), options(std::move(given)) {
    const auto chosen = applicable(all, Facts::View::cluster, !options.ns.empty());
    needed = kinds_for(chosen);
    const KindSet wanted = kinds_to_read(chosen);
    for (const KindInfo& kind : all_kinds()) {
      if (wanted.has(kind.kind)) kinds.emplace(kind.kind, About());
    }
  }

  void run(Kind kind);
  std::chrono::seconds attempt(Kind kind);
  bool read_own_namespace(const kube::ResourceType& type, const Error& error);
  bool wait_to_follow();

  void set(Kind kind, FollowingState state, const Error* error);
  // The same, of a kind that was read, or could not be.
  void settle(Kind kind, FollowingState state, const Error* error = nullptr, bool own_only = false);
  [[nodiscard]] std::optional<Error> failure() const;

  struct About {
    Following following;
    std::optional<Error> error;  // of a kind that could not be read
    bool settled = false;        // was read, or could not be
    bool own_only = false;       // of Namespaces: only the audited one could be read
  };

  kube::Client& client;
  const Context& context;
  const ClusterWatchOptions options;
  KindSet needed;
  KubeVersion server;  // of the caller's thread
  std::counting_semaphore<> lists{k_lists};

  mutable std::mutex mutex;  // guards all of the below
  std::condition_variable changed;
  Phase phase = Phase::listing;
  std::map<Kind, About> kinds;  // its keys are constant
  ObjectStore store;
  std::uint64_t changes = 0;
  bool ask_version = true;

  std::vector<std::thread> threads;
};

// Follows one watch of a kind.
class ClusterWatch::State::Observer final : public kube::WatchObserver {
 public:
  Observer(State& state, Kind kind) : m_state(state), m_kind(kind) {}
  ~Observer() override { release(); }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  [[nodiscard]] bool was_listed() const { return m_listed; }

  void listing() override {
    if (!std::exchange(m_holds, true)) m_state.lists.acquire();
    const std::scoped_lock lock(m_state.mutex);
    m_state.store.begin_list(m_kind);
  }

  bool listed() override {
    release();
    m_listed = true;
    {
      const std::scoped_lock lock(m_state.mutex);
      if (m_state.store.end_list(m_kind)) ++m_state.changes;
    }
    m_state.settle(m_kind, FollowingState::watched);
    return m_state.wait_to_follow();
  }

  void lost(const Error& error) override {
    release();
    const std::scoped_lock lock(m_state.mutex);
    m_state.set(m_kind, FollowingState::lost, &error);
  }

  void regained() override {
    const std::scoped_lock lock(m_state.mutex);
    m_state.set(m_kind, FollowingState::watched, nullptr);
    m_state.ask_version = true;
  }

  bool event(kube::WatchEvent&& event) {
    using Type = kube::WatchEvent::Type;
    if (event.type == Type::bookmark) return true;
    const std::scoped_lock lock(m_state.mutex);
    const bool news = event.type == Type::deleted
                          ? m_state.store.remove(m_kind, event.object.ns(), event.object.name())
                          : m_state.store.put(m_kind, std::move(event.object.json()));
    if (news) ++m_state.changes;
    return m_state.phase != Phase::ending;
  }

 private:
  void release() {
    if (std::exchange(m_holds, false)) m_state.lists.release();
  }

  State& m_state;
  const Kind m_kind;
  bool m_holds = false;  // a place among those that list
  bool m_listed = false;
};

// With the mutex held.
void ClusterWatch::State::set(Kind kind, FollowingState state, const Error* error) {
  About& about = kinds.at(kind);
  Following& following = about.following;
  // What may not be watched is listed from time to time, and stays what it is by that.
  const bool same = following.state == state ||
                    (following.state == FollowingState::listed && state == FollowingState::watched);
  if (!about.settled || !same) {
    following.state = state;
    following.since = SteadyClock::now();
    // Rules that went without it may run again, or the other way round.
    ++changes;
  }
  if (following.state != FollowingState::listed || error != nullptr) {
    following.reason = error == nullptr ? std::string() : error->message;
  }
  about.own_only = false;
  about.error = error == nullptr ? std::nullopt : std::optional(*error);
}

void ClusterWatch::State::settle(Kind kind, FollowingState state, const Error* error,
                                 bool own_only) {
  const std::scoped_lock lock(mutex);
  set(kind, state, error);
  kinds.at(kind).own_only = own_only;
  kinds.at(kind).settled = true;
  changed.notify_all();
}

// False when it ends instead.
bool ClusterWatch::State::wait_to_follow() {
  std::unique_lock lock(mutex);
  while (phase == Phase::listing && !context.cancel.requested()) changed.wait_for(lock, k_glance);
  return phase == Phase::following && !context.cancel.requested();
}

void ClusterWatch::State::run(Kind kind) {
  do {
    const std::chrono::seconds pause = attempt(kind);
    if (!wait_to_follow()) return;
    if (context.cancel.wait_for(pause)) return;
  } while (true);
}

// Lists and watches a kind until that fails; returns when to try again.
std::chrono::seconds ClusterWatch::State::attempt(Kind kind) {
  const KindInfo& about = info(kind);
  const auto not_served = [&](const Error& error) {
    return error.code == ErrorCode::not_found && about.presence == Presence::custom;
  };
  const auto type = client.resource_type(about.api_version, about.name);
  if (!type) {
    if (not_served(type.error())) {
      settle(kind, FollowingState::not_served);
      return options.look;
    }
    settle(kind, FollowingState::unread, &type.error());
    return options.again;
  }
  Observer observer(*this, kind);
  kube::WatchOptions watch;
  watch.limit = about.page > 0 ? std::min(options.page_size, about.page) : options.page_size;
  watch.metadata_only = about.reading == Reading::metadata;
  watch.observer = &observer;
  if (about.scope == KindScope::namespaced) watch.ns = options.ns;
  if (options.progress) {
    const std::scoped_lock lock(mutex);
    if (phase == Phase::listing) options.progress("reading " + type->qualified());
  }
  const auto watched = client.watch(*type, watch, std::nullopt, [&](kube::WatchEvent&& event) {
    return observer.event(std::move(event));
  });
  if (watched) return options.again;  // it was told to end
  const Error& error = watched.error();
  if (error.code == ErrorCode::cancelled && observer.was_listed()) return options.again;
  if (not_served(error)) {
    {
      const std::scoped_lock lock(mutex);
      if (store.clear(kind)) ++changes;
    }
    settle(kind, FollowingState::not_served);
    return options.look;
  }
  const bool may_not =
      error.code == ErrorCode::forbidden || error.http_status == 405 /* no such verb */;
  if (observer.was_listed() && may_not) {
    const std::scoped_lock lock(mutex);
    set(kind, FollowingState::listed, &error);
  } else if (!read_own_namespace(*type, error)) {
    settle(kind, FollowingState::unread, &error);
  }
  return options.again;
}

// Who may only look into a namespace may still read the namespace itself.
bool ClusterWatch::State::read_own_namespace(const kube::ResourceType& type, const Error& error) {
  if (type.kind != info(Kind::name_space).name || options.ns.empty() ||
      error.code != ErrorCode::forbidden) {
    return false;
  }
  auto own = client.get(type, {}, options.ns);
  if (!own) return false;
  {
    const std::scoped_lock lock(mutex);
    if (store.put(Kind::name_space, std::move(own->json()))) ++changes;
  }
  settle(Kind::name_space, FollowingState::unread, &error, true);
  return true;
}

// What kept every single kind from being read.
std::optional<Error> ClusterWatch::State::failure() const {
  std::optional<Error> first;
  bool read_something = false;
  for (const auto& [kind, about] : kinds) {
    if (about.error && about.error->code == ErrorCode::cancelled) return about.error;
    if (!needed.has(kind)) continue;
    // Not being allowed to is an answer; anything else may be a cluster that is not there.
    if (!about.error || about.error->code == ErrorCode::forbidden) read_something = true;
    if (about.error && !first) first = about.error;
  }
  return read_something ? std::nullopt : first;
}

ClusterWatch::ClusterWatch(kube::Client& client, const Context& context,
                           std::span<const Rule* const> rules, ClusterWatchOptions options)
    : m_state(std::make_unique<State>(client, context, rules, std::move(options))) {}

ClusterWatch::~ClusterWatch() {
  {
    const std::scoped_lock lock(m_state->mutex);
    m_state->phase = State::Phase::ending;
    m_state->changed.notify_all();
  }
  for (std::thread& thread : m_state->threads) thread.join();
}

Result<> ClusterWatch::list() {
  State& state = *m_state;
  for (const auto& entry : state.kinds) {
    state.threads.emplace_back([&state, kind = entry.first] { state.run(kind); });
  }
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock, [&] {
    return std::all_of(state.kinds.begin(), state.kinds.end(),
                       [](const auto& kind) { return kind.second.settled; });
  });
  if (state.context.cancel.requested()) return fail(ErrorCode::cancelled, "interrupted");
  if (auto error = state.failure()) return fail(*std::move(error));
  return {};
}

void ClusterWatch::follow() {
  const std::scoped_lock lock(m_state->mutex);
  m_state->phase = State::Phase::following;
  m_state->changed.notify_all();
}

Evidence ClusterWatch::evidence() {
  State& state = *m_state;
  FactsOptions options;
  options.view = Facts::View::cluster;
  options.only_ns = state.options.ns;
  options.now = now_of(state.context);
  options.target = state.options.target;
  options.thresholds = state.options.thresholds;
  options.profile = state.options.profile;
  std::unique_lock lock(state.mutex);
  const bool ask = std::exchange(state.ask_version, false);
  lock.unlock();
  if (ask) {
    if (const auto version = state.client.server_version()) {
      state.server = {version->major, version->minor};
    }
  }
  FactsBuilder builder(std::move(options));
  builder.set_server(state.server);
  // A server that does not say which version it is gets the benefit of the doubt.
  if (!state.options.target.known()) {
    builder.set_target(state.server.known() ? state.server : KubeVersion{0, 0});
  }
  Evidence evidence;
  lock.lock();
  for (const auto& [kind, about] : state.kinds) {
    const FollowingState how = about.following.state;
    if (how != FollowingState::lost && how != FollowingState::unread) {
      builder.set_complete(kind);
    } else if (state.needed.has(kind)) {
      Gap gap{kind, about.following.reason, std::nullopt, about.own_only};
      if (about.own_only) {
        gap.reason = "only " + state.options.ns + " could be read: " + gap.reason;
      }
      evidence.gaps.push_back(std::move(gap));
    }
  }
  state.store.add_to(builder);
  lock.unlock();
  evidence.facts = builder.finish();
  return evidence;
}

std::uint64_t ClusterWatch::changes() const {
  const std::scoped_lock lock(m_state->mutex);
  return m_state->changes;
}

std::vector<Following> ClusterWatch::following() const {
  const std::scoped_lock lock(m_state->mutex);
  std::vector<Following> list;
  for (const auto& [kind, about] : m_state->kinds) {
    if (!m_state->needed.has(kind)) continue;
    list.push_back(about.following);
    list.back().kind = kind;
  }
  return list;
}

std::size_t ClusterWatch::objects() const {
  const std::scoped_lock lock(m_state->mutex);
  return m_state->store.size();
}

}  // namespace kai::audit
