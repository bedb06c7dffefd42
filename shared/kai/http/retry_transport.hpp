// RetryTransport: the only place where requests are tried again or held back.
//
// What is tried again, with exponential back-off and jitter:
//   any request         after 429, and when no connection could be made: the server
//                       did not act on it
//   idempotent ones     also after 500, 502, 503 and 504, a broken connection and an
//                       idle time-out
//   requests with a     only while the sink has received nothing
//   sink
// Retry-After is honoured, and bounds the tries by `max_tries`; an unasked-for failure
// has a lower bound of its own, so that a wrong address or a server that always answers
// 500 is reported within a second or two. The request's own time-out covers all tries
// and the waits between them; a wait that would outlast it is not begun.
//
// Keeps at most `max_in_flight` requests running. Each 429 halves that window, at most
// once per round trip, and successes open it again, one more for each window's worth.
// Requests with a sink may last for hours (watches, logs) and stay outside of it.
// Thread-safe; completions run on the inner transport's thread.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/log.hpp>
#include <kai/http/transport.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace kai::http {

struct RetryOptions {
  int max_tries = 10;                          // for one request, the first included
  int max_server_failures = 5;                 // of these: 5xx without Retry-After
  int max_idle_timeouts = 5;                   // of these: nothing arrived
  int max_unreachable = 3;                     // of these: a server that was not reached before
  std::chrono::milliseconds first_delay{100};  // doubles with each try
  std::chrono::milliseconds max_delay{10'000};
  std::chrono::milliseconds max_retry_after{120'000};  // asked for longer: give up
  // Extra tries allowed over the transport's life, 429 aside: this many at once, plus
  // one for every three successes.
  int budget = 200;
  int max_in_flight = 32;  // priority and fairness gives an ordinary user about 49 seats
  // For requests without a sink that set none of their own. A repeatable one has the
  // first value, or ten times the slowest answer so far up to the second, so that a
  // request that got lost costs seconds and a server that is slow is left in peace; each
  // stalled try doubles it, up to the third. Others get one try, with the third: an API
  // server queues a request for up to 15 s and ends it after 60 s.
  std::chrono::milliseconds first_idle_timeout{5'000};
  std::chrono::milliseconds slow_idle_timeout{20'000};
  std::chrono::milliseconds max_idle_timeout{65'000};
  // The clocks, for tests.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  Clock wall_clock = system_clock();  // for Retry-After as a date
};

class RetryTransport final : public Transport {
 public:
  RetryTransport(std::unique_ptr<Transport> inner, RetryOptions options, Log log);
  // Ends all requests with ErrorCode::cancelled.
  ~RetryTransport() override;

  void start(Request request, Completion done) override;

  // Requests that went out, tries included; for benchmarks and -v.
  [[nodiscard]] long sent() const;

 private:
  struct State;
  std::shared_ptr<State> m_state;
};

}  // namespace kai::http
