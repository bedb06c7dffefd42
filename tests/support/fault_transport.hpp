// FaultTransport: a Transport that spoils a seeded share of what passes through it,
// for runs that must end right all the same.
//
//   auto faulty = std::make_unique<FaultTransport>(fake.handle(), FaultOptions{.seed = 7});
//   http::RetryTransport transport(std::move(faulty), {}, {});
//
// Time does not pass: a stalled request ends at once as its idle time-out would end
// it, and delays are whatever the inner transport makes of them. Thread-safe.
#pragma once

#include <kai/http/transport.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace kai::test {

enum class Fault {
  throttled,     // 429 with Retry-After; the server does nothing
  unavailable,   // 503; the server does nothing
  refused,       // no connection
  lost_request,  // the connection breaks before the server reads the request
  lost_answer,   // the server acts, then the connection breaks
  truncated,     // the server acts, then the connection breaks in the middle of the body
  stalled,       // the server acts, nothing arrives
};
inline constexpr std::array k_faults = {Fault::throttled,    Fault::unavailable, Fault::refused,
                                        Fault::lost_request, Fault::lost_answer, Fault::truncated,
                                        Fault::stalled};
std::string_view to_string(Fault fault);

struct FaultOptions {
  std::uint32_t seed = 1;
  double share = 0.2;  // of all requests, spread evenly over `faults`
  std::vector<Fault> faults{k_faults.begin(), k_faults.end()};
  std::string retry_after = "1";
};

class FaultTransport final : public http::Transport {
 public:
  FaultTransport(std::unique_ptr<http::Transport> inner, FaultOptions options);
  ~FaultTransport() override;

  void start(http::Request request, http::Completion done) override;

  // What happened so far. The counts outlive the transport.
  class Counts {
   public:
    [[nodiscard]] long requests() const;
    [[nodiscard]] long of(Fault fault) const;
    [[nodiscard]] long all() const;
    // Stalled requests without any time-out: they would have hung for ever.
    [[nodiscard]] long hung() const;

   private:
    friend class FaultTransport;
    struct State;
    std::shared_ptr<State> m_state;
  };
  [[nodiscard]] Counts counts() const;

 private:
  std::unique_ptr<http::Transport> m_inner;
  const FaultOptions m_options;
  Counts m_counts;
};

}  // namespace kai::test
