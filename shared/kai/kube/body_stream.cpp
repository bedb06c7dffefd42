#include <kai/kube/body_stream.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace kai::kube {

struct BodyStream::Shared {
  std::mutex mutex;  // guards all of the below
  std::condition_variable changed;
  std::string arrived;
  std::optional<Result<http::Response>> outcome;
  bool abandoned = false;
};

BodyStream::BodyStream(Requester& requester, const Operation& operation, Call call)
    : m_requester(requester), m_operation(operation), m_call(std::move(call)) {
  send();
}

BodyStream::~BodyStream() {
  const std::lock_guard lock(m_shared->mutex);
  m_shared->abandoned = true;
}

void BodyStream::send() {
  m_shared = std::make_shared<Shared>();
  m_call.sink = [shared = m_shared](std::string_view piece) {
    const std::lock_guard lock(shared->mutex);
    shared->arrived += piece;
    shared->changed.notify_one();
    return !shared->abandoned;
  };
  const auto generation =
      m_requester.start(m_call, [shared = m_shared](Result<http::Response> result) {
        const std::lock_guard lock(shared->mutex);
        shared->outcome = std::move(result);
        shared->changed.notify_one();
      });
  if (generation) {
    m_generation = *generation;
  } else {
    const std::lock_guard lock(m_shared->mutex);
    m_shared->outcome = fail(generation.error());
  }
}

BodyStream::Got BodyStream::next(std::string& line, const Deadline& deadline) {
  while (true) {
    const auto end = m_text.find('\n', m_searched);
    if (end != std::string::npos) {
      line.assign(m_text, 0, end);
      m_text.erase(0, end + 1);
      m_searched = 0;
      return Got::line;
    }
    m_searched = m_text.size();
    if (m_outcome) return Got::end;

    std::unique_lock lock(m_shared->mutex);
    const auto changed = [&] { return !m_shared->arrived.empty() || m_shared->outcome; };
    if (!deadline) {
      m_shared->changed.wait(lock, changed);
    } else if (!m_shared->changed.wait_until(lock, *deadline, changed)) {
      return Got::deadline;
    }
    m_text += std::exchange(m_shared->arrived, {});
    if (!m_shared->outcome) continue;
    m_outcome = std::exchange(m_shared->outcome, std::nullopt);
    lock.unlock();
    if (*m_outcome && (*m_outcome)->status == 401 && !m_renewed &&
        m_requester.renew(m_generation)) {
      m_renewed = true;
      m_outcome.reset();
      send();
    }
  }
}

std::optional<Error> BodyStream::error() const {
  return m_outcome ? m_requester.to_error(*m_outcome, m_operation) : std::nullopt;
}

}  // namespace kai::kube
