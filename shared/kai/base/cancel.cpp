#include <kai/base/cancel.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace kai {

struct Cancel::State {
  State() : event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~State() {
    if (event >= 0) close(event);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::atomic<bool> requested{false};
  std::atomic<int> signal{0};
  int event;
};

Cancel::Cancel() : m_state(std::make_shared<State>()) {}

void Cancel::request(int signal) const noexcept {
  m_state->signal.store(signal);
  m_state->requested.store(true);
  const std::uint64_t one = 1;
  // The flag is what counts; a full counter means the event is readable already.
  [[maybe_unused]] const auto written = write(m_state->event, &one, sizeof one);
}

bool Cancel::requested() const noexcept {
  return m_state->requested.load();
}

int Cancel::signal() const noexcept {
  return m_state->signal.load();
}

bool Cancel::wait_for(std::chrono::milliseconds duration) const {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (!requested()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd event{m_state->event, POLLIN, 0};
    poll(&event, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
  }
  return true;
}

int Cancel::fd() const noexcept {
  return m_state->event;
}

}  // namespace kai
