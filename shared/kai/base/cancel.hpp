// Cancel: a request to stop, set by a signal handler or a test.
//
// A handle to shared state: copies ask about the same request. Safe to use from
// any thread; request() is async-signal-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

namespace kai {

class Cancel {
 public:
  Cancel();

  // Asks everything that holds this handle to stop. `signal` is kept for exit codes.
  void request(int signal = 0) const noexcept;
  [[nodiscard]] bool requested() const noexcept;
  [[nodiscard]] int signal() const noexcept;

  // Sleeps for `duration` or until stop is requested; true if it was requested.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds duration) const;

  // Becomes readable once stop is requested, for poll(2). Owned by the handle.
  [[nodiscard]] int fd() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> m_state;
};

}  // namespace kai
