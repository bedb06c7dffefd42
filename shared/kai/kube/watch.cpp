#include <kai/kube/backoff.hpp>
#include <kai/kube/body_stream.hpp>
#include <kai/kube/client.hpp>
#include <kai/kube/client_state.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace kai::kube {

namespace {

using model::Json;
using model::Resource;
using model::string_at;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view k_metadata_only =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
// The server closes a watch after this long (and up to twice as long, so that not all
// clients come back at once); it sends a bookmark about once a minute before.
constexpr std::chrono::seconds k_watch_time{240};
constexpr std::chrono::seconds k_idle{90};
constexpr std::chrono::seconds k_calm{5};
// After trouble the first request is this short: nothing arrives while nothing happens, so
// only its end says that the server was there.
constexpr std::chrono::seconds k_trial{1};
// In a row, without an answer in between. Each of them stands for many tries of the
// transport.
constexpr int k_max_failures = 5;

// Whether `later` is a newer resourceVersion than `earlier`. They may be compared as
// numbers since Kubernetes 1.35; what is no number is taken for newer when it differs.
bool is_newer(std::string_view later, std::string_view earlier) {
  std::uint64_t later_number = 0;
  std::uint64_t earlier_number = 0;
  const auto parse = [](std::string_view text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
  };
  if (parse(later, later_number) && parse(earlier, earlier_number)) {
    return later_number > earlier_number;
  }
  return later != earlier;
}

enum class Outcome { go_on, stop };

// One call of Client::watch().
class Watcher {
 public:
  Watcher(Client& client, Requester& requester, const ResourceType& type,
          const WatchOptions& options, std::optional<std::chrono::milliseconds> timeout,
          const std::function<bool(WatchEvent&&)>& each)
      : m_client(client),
        m_requester(requester),
        m_type(type),
        m_options(options),
        m_each(each),
        m_version(options.resource_version) {
    if (timeout) m_deadline = SteadyClock::now() + *timeout;
    m_operation.verb = "watch";
    m_operation.type = &m_type;
    m_operation.ns = m_type.namespaced ? options.ns : "";
  }

  Result<> run() {
    while (true) {
      if (m_version.empty()) {
        auto listed = list();
        if (!listed) {
          m_version.clear();
          KAI_TRY(ended(listed.error()));
        } else if (*listed == Outcome::stop) {
          return {};
        }
      }
      if (!m_version.empty()) {
        KAI_TRY_ASSIGN(const Outcome watched, watch_once());
        if (watched == Outcome::stop) return {};
      }
      if (m_requester.context().cancel.requested()) {
        return fail(Error(ErrorCode::cancelled, "interrupted").while_doing(m_operation.doing()));
      }
    }
  }

 private:
  struct Known {
    std::string version;
    std::string uid;
  };
  using Key = std::pair<std::string, std::string>;  // namespace, name

  // Lists the present state, and hands over how it differs from what is known.
  Result<Outcome> list() {
    ListOptions options;
    options.ns = m_options.ns;
    options.label_selector = m_options.label_selector;
    options.field_selector = m_options.field_selector;
    options.limit = m_options.limit;
    options.metadata_only = m_options.metadata_only;
    if (m_options.observer != nullptr) m_options.observer->listing();
    PageStream pages = m_client.list_pages(m_type, options);
    std::set<Key> seen;
    while (true) {
      KAI_TRY_ASSIGN(const std::optional<Page> page, pages.next());
      if (!page) break;
      bool stopped = false;
      const auto header = page->each([&](Json&& item) -> Result<> {
        if (stopped) return {};
        Resource object(std::move(item));
        if (remembers()) seen.emplace(object.ns(), object.name());
        stopped = present(std::move(object)) == Outcome::stop;
        return {};
      });
      if (!header) return fail(header.error());
      if (stopped) return Outcome::stop;
      // Pages of one list have one version, unless a token had expired: what happened
      // since the first page is then told again, and is_newer() leaves out what is known.
      if (m_version.empty()) m_version = header->resource_version;
      m_heard = true;
    }
    if (m_version.empty()) {
      return fail(Error(ErrorCode::server, "the server's list has no resourceVersion")
                      .while_doing(m_operation.doing()));
    }
    if (m_options.observer == nullptr) return remove_unseen(seen);
    if (!m_options.observer->listed()) return Outcome::stop;
    regained();
    return Outcome::go_on;
  }

  Outcome remove_unseen(const std::set<Key>& seen) {
    for (auto known = m_known.begin(); known != m_known.end();) {
      if (seen.contains(known->first)) {
        ++known;
        continue;
      }
      Resource last = remembered(known->first, known->second);
      known = m_known.erase(known);
      if (emit(WatchEvent::Type::deleted, std::move(last)) == Outcome::stop) return Outcome::stop;
    }
    return Outcome::go_on;
  }

  // What is left of an object whose deletion was missed.
  [[nodiscard]] Resource remembered(const Key& key, const Known& known) const {
    Json metadata{{"name", key.second}, {"uid", known.uid}, {"resourceVersion", known.version}};
    if (!key.first.empty()) metadata["namespace"] = key.first;
    return Resource(Json{{"apiVersion", m_type.api_version()},
                         {"kind", m_type.kind},
                         {"metadata", std::move(metadata)}});
  }

  [[nodiscard]] bool remembers() const { return m_options.observer == nullptr; }

  // An object as it is now; says what that means for somebody who knows m_known.
  Outcome present(Resource&& object) {
    if (!remembers()) return emit(WatchEvent::Type::added, std::move(object));
    const Key key(object.ns(), object.name());
    Known now{std::string(object.resource_version()), std::string(object.uid())};
    const auto known = m_known.find(key);
    if (known == m_known.end()) {
      m_known.emplace(key, std::move(now));
      return emit(WatchEvent::Type::added, std::move(object));
    }
    if (!is_newer(now.version, known->second.version)) return Outcome::go_on;
    const Known before = std::exchange(known->second, std::move(now));
    if (before.uid != known->second.uid) {
      // Deleted and made again in between.
      if (emit(WatchEvent::Type::deleted, remembered(key, before)) == Outcome::stop) {
        return Outcome::stop;
      }
      return emit(WatchEvent::Type::added, std::move(object));
    }
    return emit(WatchEvent::Type::modified, std::move(object));
  }

  Outcome emit(WatchEvent::Type type, Resource&& object) {
    return m_each(WatchEvent{type, std::move(object)}) ? Outcome::go_on : Outcome::stop;
  }

  [[nodiscard]] std::chrono::seconds watch_time() {
    std::uniform_int_distribution<long> spread(k_watch_time.count(), 2 * k_watch_time.count());
    std::chrono::seconds time(spread(m_random));
    if (m_deadline) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(*m_deadline - SteadyClock::now());
      time = std::clamp(left, std::chrono::seconds(1), time);
    }
    return m_trouble && !remembers() ? std::min(time, k_trial) : time;
  }

  [[nodiscard]] bool metadata_only() const {
    return m_options.metadata_only || (m_type.group.empty() && m_type.plural == "secrets");
  }

  [[nodiscard]] Call call() {
    const std::chrono::seconds time = watch_time();
    Call call;
    call.path = m_type.path(m_options.ns) + Query()
                                                .add("labelSelector", m_options.label_selector)
                                                .add("fieldSelector", m_options.field_selector)
                                                .add("watch", "true")
                                                .add("allowWatchBookmarks", "true")
                                                .add("resourceVersion", m_version)
                                                .add("timeoutSeconds", std::to_string(time.count()))
                                                .text();
    if (metadata_only()) call.accept = k_metadata_only;
    call.timeout = time + std::chrono::seconds(10);
    call.idle_timeout = k_idle;
    return call;
  }

  // One watch request, until it ends.
  Result<Outcome> watch_once() {
    const auto opened = SteadyClock::now();
    BodyStream stream(m_requester, m_operation, call());
    std::string line;
    while (true) {
      switch (stream.next(line, m_deadline)) {
        case BodyStream::Got::line: {
          if (line.empty()) break;
          KAI_TRY_ASSIGN(const Outcome outcome, event(line));
          if (outcome == Outcome::stop || m_version.empty()) return outcome;
          break;
        }
        case BodyStream::Got::end:
          // Open for a while means that all was well, even if nothing happened.
          if (SteadyClock::now() - opened > k_calm) m_heard = true;
          return ended(stream.error());
        case BodyStream::Got::deadline: return timed_out();
      }
    }
  }

  // Streams break; one that cannot even be opened is lost.
  static bool was_open(const Error& error) {
    return error.code != ErrorCode::unreachable && error.code != ErrorCode::throttled &&
           error.http_status < 500;
  }

  void regained() {
    if (m_options.observer != nullptr && std::exchange(m_lost, false)) {
      m_options.observer->regained();
    }
  }

  Result<Outcome> timed_out() const {
    return fail(Error(ErrorCode::timed_out, "the time is over").while_doing(m_operation.doing()));
  }

  // A list or a stream has ended. What may be taken up again is, after a pause; the
  // rest is an error, and so is everything that fails before it has ever worked.
  Result<Outcome> ended(const std::optional<Error>& error) {
    if (m_deadline && SteadyClock::now() >= *m_deadline) return timed_out();
    if (std::exchange(m_heard, false)) {
      m_begun = true;
      m_backoff.reset();
    }
    if (!error) {
      if (std::exchange(m_trouble, false)) m_backoff.reset();
      regained();
    } else if (error->code == ErrorCode::gone) {
      m_version.clear();
    } else {
      const bool transient = error->code == ErrorCode::unreachable ||
                             error->code == ErrorCode::disconnected ||
                             error->code == ErrorCode::timed_out ||
                             error->code == ErrorCode::throttled || error->http_status >= 500;
      const bool patient =
          m_options.observer != nullptr || m_deadline || m_backoff.failures() < k_max_failures;
      if (!transient || !m_begun || !patient) return fail(*error);
      if (m_options.observer != nullptr && (m_trouble || !was_open(*error))) {
        m_lost = true;
        m_options.observer->lost(*error);
      }
      m_trouble = true;
      m_requester.context().log.write(6, "watch broken off: " + error->to_string());
    }
    return pause();
  }

  Result<Outcome> pause() {
    std::chrono::milliseconds delay = m_backoff.next();
    if (m_deadline) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*m_deadline - SteadyClock::now());
      if (left.count() <= 0) return timed_out();
      delay = std::min(delay, left);
    }
    // run() looks whether this was interrupted.
    [[maybe_unused]] const bool stopped = m_requester.context().cancel.wait_for(delay);
    return Outcome::go_on;
  }

  // One line of the stream.
  Result<Outcome> event(const std::string& line) {
    auto parsed = model::parse_json(line);
    const Json* found = parsed ? model::find_path(*parsed, {"object"}) : nullptr;
    if (found == nullptr) {
      return fail(Error(ErrorCode::server, "the watch sent something that is no event")
                      .while_doing(m_operation.doing()));
    }
    const std::string type(string_at(*parsed, {"type"}));
    Json object = std::move((*parsed)["object"]);
    if (type == "ERROR") {
      const int code = static_cast<int>(model::int_at(object, {"code"}, 500));
      return ended(status_error(code, object, m_operation));
    }
    m_heard = true;
    if (const auto version = string_at(object, {"metadata", "resourceVersion"}); !version.empty()) {
      m_version = version;
    }
    if (metadata_only()) {
      object["apiVersion"] = m_type.api_version();
      object["kind"] = m_type.kind;
    }
    Resource resource(std::move(object));
    if (type == "BOOKMARK") return emit(WatchEvent::Type::bookmark, std::move(resource));
    if (type == "DELETED") {
      m_known.erase(Key(resource.ns(), resource.name()));
      return emit(WatchEvent::Type::deleted, std::move(resource));
    }
    if (type == "ADDED" || type == "MODIFIED") {
      // Without a list before it, the first event about an object keeps its own type.
      if (type == "MODIFIED" && remembers() &&
          !m_known.contains(Key(resource.ns(), resource.name()))) {
        m_known[Key(resource.ns(), resource.name())] = {std::string(resource.resource_version()),
                                                        std::string(resource.uid())};
        return emit(WatchEvent::Type::modified, std::move(resource));
      }
      return present(std::move(resource));
    }
    return Outcome::go_on;  // a type that is not known yet
  }

  Client& m_client;
  Requester& m_requester;
  const ResourceType& m_type;
  const WatchOptions& m_options;
  const std::function<bool(WatchEvent&&)>& m_each;
  Operation m_operation;
  BodyStream::Deadline m_deadline;
  std::string m_version;  // to go on from; empty: list first
  std::map<Key, Known> m_known;
  Backoff m_backoff;
  bool m_heard = false;    // something came in since the last pause
  bool m_begun = false;    // something ever came in
  bool m_trouble = false;  // the last request ended in an error that may pass
  bool m_lost = false;     // the observer was told so
  std::minstd_rand m_random{std::random_device{}()};
};

}  // namespace

Result<> Client::watch(const ResourceType& type, const WatchOptions& options,
                       std::optional<std::chrono::milliseconds> timeout,
                       const std::function<bool(WatchEvent&&)>& each) {
  return Watcher(*this, m_state->requester, type, options, timeout, each).run();
}

}  // namespace kai::kube
