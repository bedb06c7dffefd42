// Backoff: how long to wait before a stream is opened again. Not thread-safe.
// Single requests are not retried here: RetryTransport does that.
#pragma once

#include <algorithm>
#include <chrono>

namespace kai::kube {

class Backoff {
 public:
  // Doubles from 200 ms to 10 s.
  std::chrono::milliseconds next() {
    const auto delay = m_next;
    m_next = std::min(m_next * 2, std::chrono::milliseconds(10'000));
    ++m_failures;
    return delay;
  }
  // Something went well in between.
  void reset() {
    m_next = std::chrono::milliseconds(200);
    m_failures = 0;
  }
  // Calls of next() since the last reset.
  [[nodiscard]] int failures() const { return m_failures; }

 private:
  std::chrono::milliseconds m_next{200};
  int m_failures = 0;
};

}  // namespace kai::kube
