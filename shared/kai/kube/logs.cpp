#include <kai/kube/backoff.hpp>
#include <kai/kube/body_stream.hpp>
#include <kai/kube/client.hpp>
#include <kai/kube/client_state.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/model/json.hpp>

#include <optional>
#include <string>
#include <utility>

namespace kai::kube {

namespace {

using model::Json;
using model::string_at;

// A stream that is silent this long is opened again: the kubelet's may stall when the
// log is rotated.
constexpr std::chrono::seconds k_idle_following{60};
constexpr std::chrono::seconds k_idle{30};
constexpr int k_max_failures = 5;  // in a row

enum class ContainerState { running, ended, unknown };

ContainerState container_state(const Json& pod, const std::string& container) {
  for (const std::string_view list :
       {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"}) {
    const Json* statuses = model::find_path(pod, {"status", list});
    if (statuses == nullptr || !statuses->is_array()) continue;
    for (const Json& status : *statuses) {
      // Without a name there is only one container to have a log of.
      if (!container.empty() && string_at(status, {"name"}) != container) continue;
      return model::find_path(status, {"state", "running"}) != nullptr ? ContainerState::running
                                                                       : ContainerState::ended;
    }
  }
  return ContainerState::unknown;
}

// Where in a log we are. Lines come with timestamps, which are not handed on but tell,
// when the log is opened again from the last one's second on, what came before.
class Position {
 public:
  // A stream begins.
  void opened() { m_again_at_last = 0; }

  // The text of a line if it was not seen yet.
  std::optional<std::string_view> unseen(std::string_view line) {
    const auto space = line.find(' ');
    const auto time = parse_timestamp(line.substr(0, space));
    if (!time) {
      m_untimed = m_untimed || !m_last;
      return line;
    }
    const std::string_view text =
        space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (m_last && m_resumed && *time < *m_last) return std::nullopt;
    if (m_last && *time == *m_last) {
      if (m_resumed && m_again_at_last < m_seen_at_last) {
        ++m_again_at_last;
        return std::nullopt;
      }
      ++m_seen_at_last;
      ++m_again_at_last;
      return text;
    }
    m_last = *time;
    m_seen_at_last = 1;
    m_again_at_last = 1;
    return text;
  }

  // The query for what comes next; empty at the beginning.
  [[nodiscard]] std::string since() const {
    if (!m_last) return "";
    return format_timestamp(std::chrono::floor<std::chrono::seconds>(*m_last));
  }

  void resume() { m_resumed = m_last.has_value(); }

  // Whatever serves this log gives no timestamps: there is no going on from the middle.
  [[nodiscard]] bool untimed() const { return m_untimed; }

 private:
  std::optional<Timestamp> m_last;  // of the newest line
  long m_seen_at_last = 0;          // lines with that time, ever
  long m_again_at_last = 0;         // the same, in this stream
  bool m_resumed = false;
  bool m_untimed = false;
};

// One call of Client::logs().
class LogReader {
 public:
  LogReader(Client& client, Requester& requester, std::string_view ns, std::string_view pod,
            const LogOptions& options, const std::function<bool(std::string_view)>& each)
      : m_client(client),
        m_requester(requester),
        m_ns(ns),
        m_pod(pod),
        m_options(options),
        m_each(each),
        m_pods{"", "v1", "Pod", "pods", true},
        m_follow(options.follow) {
    m_operation.verb = "log";
    m_operation.type = &m_pods;
    m_operation.ns = ns;
    m_operation.name = pod;
    m_operation.subresource = "log";
  }

  Result<> run() {
    while (true) {
      KAI_TRY_ASSIGN(const bool more, read());
      if (!more) return {};
      m_position.resume();
      // The next read() ends at once when this was interrupted.
      if (m_requester.context().cancel.wait_for(m_backoff.next())) {
        return fail(Error(ErrorCode::cancelled, "interrupted").while_doing(m_operation.doing()));
      }
    }
  }

 private:
  [[nodiscard]] Call call() const {
    Query query;
    query.add("container", m_options.container);
    if (m_follow) query.add("follow", "true");
    query.add("timestamps", "true");
    const std::string since = m_position.since();
    query.add("sinceTime", since);
    if (m_options.tail_lines && since.empty()) {
      query.add("tailLines", std::to_string(*m_options.tail_lines));
    }
    Call call;
    call.path = m_pods.path(m_ns, m_pod) + "/log" + query.text();
    call.accept = "text/plain, application/json, */*";
    call.idle_timeout = m_follow ? k_idle_following : k_idle;
    if (m_follow) call.timeout = std::chrono::milliseconds(0);
    return call;
  }

  // Reads until the stream ends; true when there is more to be had.
  Result<bool> read() {
    BodyStream stream(m_requester, m_operation, call());
    m_position.opened();
    std::string line;
    while (stream.next(line) == BodyStream::Got::line) {
      m_backoff.reset();
      m_begun = true;
      if (!hand_over(line + '\n')) return false;
    }
    const std::optional<Error> error = stream.error();
    if (!error) return m_follow ? still_running(stream.rest()) : hand_over_rest(stream.rest());
    // A pod that is gone has nothing more to say.
    if (m_begun && error->code == ErrorCode::not_found) return false;
    if (m_follow && error->code == ErrorCode::timed_out) {
      m_backoff.reset();  // it was only silent
      return still_running(stream.rest());
    }
    if (!is_interruption(*error) || !m_begun || m_position.untimed() ||
        m_backoff.failures() >= k_max_failures) {
      return fail(*error);
    }
    return m_follow ? still_running({}) : Result<bool>(true);
  }

  [[nodiscard]] static bool is_interruption(const Error& error) {
    return error.code == ErrorCode::disconnected || error.code == ErrorCode::unreachable ||
           error.code == ErrorCode::timed_out || error.http_status >= 500;
  }

  // The stream has ended, but it may have ended early.
  Result<bool> still_running(const std::string& rest) {
    if (m_position.untimed()) return hand_over_rest(rest);
    const auto pod = m_client.get_if_exists(m_pods, m_ns, m_pod);
    if (!pod) return fail(pod.error());
    if (!*pod) return hand_over_rest(rest);
    if (container_state((*pod)->json(), m_options.container) == ContainerState::running) {
      return true;
    }
    // What it wrote between the end of the stream and its own end is still to be read.
    m_follow = false;
    return true;
  }

  Result<bool> hand_over_rest(const std::string& rest) {
    if (!rest.empty()) hand_over(rest);
    return false;
  }

  // False when the caller wants no more.
  bool hand_over(const std::string& line) {
    const auto text = m_position.unseen(line);
    return !text || m_each(*text);
  }

  Client& m_client;
  Requester& m_requester;
  const std::string m_ns;
  const std::string m_pod;
  const LogOptions& m_options;
  const std::function<bool(std::string_view)>& m_each;
  const ResourceType m_pods;
  Operation m_operation;
  Position m_position;
  Backoff m_backoff;
  bool m_follow;
  bool m_begun = false;  // a line has been read
};

}  // namespace

Result<> Client::logs(std::string_view ns, std::string_view pod, const LogOptions& options,
                      const std::function<bool(std::string_view)>& each) {
  return LogReader(*this, m_state->requester, ns, pod, options, each).run();
}

}  // namespace kai::kube
