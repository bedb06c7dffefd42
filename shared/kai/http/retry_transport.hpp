// RetryTransport: the only place where requests are tried again or held back.
//
// Tries again after 429 (honouring Retry-After), 500, 502, 503, 504, refused and
// reset connections, with exponential back-off and jitter, within the request's
// own timeout and a budget shared by all requests. 429 and refused connections are
// retried for every request, since the server did not act on it; the rest only
// for idempotent ones. Keeps at most `max_in_flight` requests running; each 429
// halves that window and successes open it again one by one.
// Thread-safe; must outlive its requests.
#pragma once

#include <kai/base/log.hpp>
#include <kai/http/transport.hpp>

#include <memory>

namespace kai::http {

struct RetryOptions {
  int max_tries = 10;
  std::chrono::milliseconds first_delay{100};  // doubles with each try
  std::chrono::milliseconds max_delay{10'000};
  // Extra tries allowed over the transport's life: this many at once, plus one for
  // every ten successes.
  int budget = 200;
  int max_in_flight = 32;  // priority and fairness gives an ordinary user about 49 seats
};

class RetryTransport final : public Transport {
 public:
  RetryTransport(std::unique_ptr<Transport> inner, RetryOptions options, Log log);
  ~RetryTransport() override;

  void start(Request request, Completion done) override;

  // Requests that went out, tries included; for benchmarks and -v.
  [[nodiscard]] long sent() const;

 private:
  struct State;
  std::shared_ptr<State> m_state;
};

}  // namespace kai::http
