#include "fault_transport.hpp"

#include "fake_transport.hpp"

#include <fmt/format.h>

#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

namespace kai::test {

using http::Completion;
using http::Request;
using http::Response;

namespace {

std::string line_of(const Request& request) {
  return fmt::format("{} {}", to_string(request.method), request.url);
}

Error broken(const Request& request) {
  return Error(ErrorCode::disconnected, "injected: the connection broke under " + line_of(request));
}

Completion instead_of_answer(const Completion& done, Error error) {
  return [done, error = std::move(error)](const Result<Response>& result) {
    done(result ? fail(error) : result);
  };
}

// The first half of each piece arrives, then the connection breaks.
void truncate(Request& request, Completion& done) {
  done = instead_of_answer(done, broken(request));
  if (!request.sink) return;
  const auto cut = std::make_shared<bool>(false);
  request.sink = [sink = request.sink, cut](std::string_view piece) {
    if (*cut) return true;  // swallowed: it never arrived
    *cut = true;
    const std::string_view half = piece.substr(0, piece.size() / 2);
    return half.empty() || sink(half);
  };
}

}  // namespace

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::throttled: return "throttled";
    case Fault::unavailable: return "unavailable";
    case Fault::refused: return "refused";
    case Fault::lost_request: return "lost request";
    case Fault::lost_answer: return "lost answer";
    case Fault::truncated: return "truncated";
    case Fault::stalled: return "stalled";
  }
  return "";
}

struct FaultTransport::Counts::State {
  mutable std::mutex mutex;
  std::mt19937 random;
  long requests = 0;
  long hung = 0;
  std::array<long, k_faults.size()> faults{};

  std::optional<Fault> draw(const FaultOptions& options) {
    const std::lock_guard lock(mutex);
    ++requests;
    if (options.faults.empty() ||
        std::uniform_real_distribution<double>()(random) >= options.share) {
      return std::nullopt;
    }
    const Fault fault = options.faults[std::uniform_int_distribution<std::size_t>(
        0, options.faults.size() - 1)(random)];
    ++faults[static_cast<std::size_t>(fault)];
    return fault;
  }
};

long FaultTransport::Counts::requests() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->requests;
}

long FaultTransport::Counts::of(Fault fault) const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->faults[static_cast<std::size_t>(fault)];
}

long FaultTransport::Counts::all() const {
  const std::lock_guard lock(m_state->mutex);
  return std::accumulate(m_state->faults.begin(), m_state->faults.end(), 0L);
}

long FaultTransport::Counts::hung() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->hung;
}

FaultTransport::FaultTransport(std::unique_ptr<http::Transport> inner, FaultOptions options)
    : m_inner(std::move(inner)), m_options(std::move(options)) {
  m_counts.m_state = std::make_shared<Counts::State>();
  m_counts.m_state->random.seed(m_options.seed);
}

FaultTransport::~FaultTransport() = default;

FaultTransport::Counts FaultTransport::counts() const {
  return m_counts;
}

void FaultTransport::start(Request request, Completion done) {
  const std::optional<Fault> fault = m_counts.m_state->draw(m_options);
  if (!fault) {
    m_inner->start(std::move(request), std::move(done));
    return;
  }
  switch (*fault) {
    case Fault::throttled:
      done(Response{429,
                    {{"Retry-After", m_options.retry_after}, {"Content-Type", "application/json"}},
                    status_body(429, "TooManyRequests", "injected: too many requests")});
      return;
    case Fault::unavailable:
      done(Response{503,
                    {{"Content-Type", "application/json"}},
                    status_body(503, "ServiceUnavailable", "injected: unavailable")});
      return;
    case Fault::refused:
      done(fail(ErrorCode::unreachable, "injected: connection refused for " + line_of(request)));
      return;
    case Fault::lost_request: done(fail(broken(request))); return;
    case Fault::lost_answer:
      request.sink = request.sink ? [](std::string_view) { return true; } : http::BodySink();
      done = instead_of_answer(done, broken(request));
      break;
    case Fault::truncated: truncate(request, done); break;
    case Fault::stalled: {
      Error error(ErrorCode::timed_out, "injected: nothing arrived for " + line_of(request));
      if (request.idle_timeout.count() <= 0 && request.timeout.count() <= 0) {
        const std::lock_guard lock(m_counts.m_state->mutex);
        ++m_counts.m_state->hung;
        error.code = ErrorCode::internal;
      }
      request.sink = request.sink ? [](std::string_view) { return true; } : http::BodySink();
      done = instead_of_answer(done, std::move(error));
      break;
    }
  }
  m_inner->start(std::move(request), std::move(done));
}

}  // namespace kai::test
