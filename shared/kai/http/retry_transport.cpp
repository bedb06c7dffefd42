#include <fmt/format.h>
#include <kai/http/retry_after.hpp>
#include <kai/http/retry_transport.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace kai::http {

namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// Why a try failed, as far as trying again goes.
enum class Failure {
  none,         // an answer to pass on
  throttled,    // 429
  asked_later,  // 5xx with Retry-After
  server,       // 5xx without
  unreachable,  // no connection: nothing was sent
  disconnected,
  idle,   // idle time-out
  final,  // no use in trying again
};

bool is_repeatable(const Request& request) {
  return request.idempotent || request.method == Method::get || request.method == Method::head;
}

bool needs_repeatable(Failure failure) {
  return failure != Failure::throttled && failure != Failure::unreachable;
}

struct Job {
  Request request;  // with the caller's sink wrapped
  Completion done;
  milliseconds own_idle_timeout{0};  // what the caller asked for
  SteadyTime started;
  SteadyTime deadline = SteadyTime::max();
  SteadyTime not_before;
  SteadyTime sent_at;
  int tries = 0;
  int server_failures = 0;
  int idle_timeouts = 0;
  int unreachable = 0;
  bool may_have_acted = false;  // an earlier try left its effect unknown
  std::string last_failure;
  // Set by the sink, on the inner transport's thread, before the completion.
  std::shared_ptr<std::atomic<bool>> received = std::make_shared<std::atomic<bool>>(false);

  [[nodiscard]] bool counts() const { return !request.sink; }
  [[nodiscard]] std::string line() const {
    return fmt::format("{} {}", to_string(request.method), request.url);
  }
};
using JobPtr = std::shared_ptr<Job>;

}  // namespace

struct RetryTransport::State : std::enable_shared_from_this<State> {
  State(std::unique_ptr<Transport> transport, RetryOptions retry_options, Log to)
      : inner(std::move(transport)),
        target(*inner),
        options(std::move(retry_options)),
        log(std::move(to)),
        window(std::max(1, options.max_in_flight)),
        budget(options.budget),
        random(std::random_device{}()) {}

  std::unique_ptr<Transport> inner;
  Transport& target;  // *inner, also while that is being destroyed
  const RetryOptions options;
  const Log log;
  std::atomic<long> sent{0};
  std::atomic<long> slowest{0};  // the longest that an answer has taken, in ms

  std::mutex mutex;            // guards all below
  std::deque<JobPtr> waiting;  // for a place in the window
  std::deque<JobPtr> streams;  // requests with a sink, which need none
  int in_flight = 0;
  double window;
  SteadyTime narrowed = SteadyTime::min();  // when the window was last halved
  double budget;
  bool reached = false;  // the server has answered before
  bool closing = false;
  bool pumping = false;
  bool pump_again = false;
  std::minstd_rand random;

  void submit(const JobPtr& job);
  void pump();
  JobPtr take_next(SteadyTime now);
  void send(const JobPtr& job);
  milliseconds idle_timeout_of(const Job& job) const;
  void ended(const JobPtr& job, Result<Response> result);

  // All of these with the mutex held.
  Failure classify(const Job& job, const Result<Response>& result, SteadyTime now) const;
  void learn(const Job& job, Failure failure, bool answered, SteadyTime now);
  std::optional<milliseconds> next_delay(Job& job, Failure failure, const Result<Response>& result,
                                         SteadyTime now);
  milliseconds jitter(milliseconds delay, double from, double to);
};

void RetryTransport::State::submit(const JobPtr& job) {
  bool taken = false;
  {
    const std::lock_guard lock(mutex);
    if (!closing) {
      taken = true;
      // What was tried already goes first: it has waited longest.
      if (!job->counts()) {
        streams.push_back(job);
      } else if (job->tries > 0) {
        waiting.push_front(job);
      } else {
        waiting.push_back(job);
      }
    }
  }
  if (!taken) {
    job->done(fail(ErrorCode::cancelled, job->line() + " was cancelled"));
    return;
  }
  pump();
}

// Sends what may be sent. A transport that answers inside start() brings us back
// here; the outermost call does the work, so the stack stays flat.
void RetryTransport::State::pump() {
  std::unique_lock lock(mutex);
  if (pumping) {
    pump_again = true;
    return;
  }
  pumping = true;
  do {
    pump_again = false;
    while (JobPtr job = take_next(options.now())) {
      lock.unlock();
      send(job);
      lock.lock();
    }
  } while (pump_again);
  pumping = false;
}

JobPtr RetryTransport::State::take_next(SteadyTime now) {
  if (closing) return nullptr;
  JobPtr job;
  if (!streams.empty()) {
    job = std::move(streams.front());
    streams.pop_front();
  } else if (!waiting.empty() && in_flight < static_cast<int>(window)) {
    // Ready ones before those that still have to wait, which would hold their place idle.
    auto best = waiting.begin();
    for (auto it = best; it != waiting.end() && (*best)->not_before > now; ++it) {
      if ((*it)->not_before < (*best)->not_before) best = it;
    }
    job = std::move(*best);
    waiting.erase(best);
    ++in_flight;
  }
  if (job) ++job->tries;
  return job;
}

void RetryTransport::State::send(const JobPtr& job) {
  const SteadyTime now = options.now();
  Request request = job->request;
  request.delay = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(job->not_before - now));
  if (job->deadline != SteadyTime::max()) {
    const auto left = std::chrono::ceil<milliseconds>(job->deadline - now);
    if (left.count() <= 0) {
      ended(job, fail(Error(ErrorCode::timed_out,
                            fmt::format("{} timed out waiting for its turn", job->line()))
                          .with_hint("allow more time, or find out why the server is slow")));
      return;
    }
    request.timeout = left;
  }
  if (job->own_idle_timeout.count() == 0 && !request.sink) {
    request.idle_timeout = idle_timeout_of(*job);
  }
  job->sent_at = now + request.delay;
  ++sent;
  target.start(std::move(request), [self = shared_from_this(), job](Result<Response> result) {
    self->ended(job, std::move(result));
  });
}

milliseconds RetryTransport::State::idle_timeout_of(const Job& job) const {
  if (!is_repeatable(job.request)) return options.max_idle_timeout;
  const milliseconds first =
      std::clamp(10 * milliseconds(slowest.load()), options.first_idle_timeout,
                 std::max(options.first_idle_timeout, options.slow_idle_timeout));
  return std::min(first * (1 << std::min(job.idle_timeouts, 10)), options.max_idle_timeout);
}

Failure RetryTransport::State::classify(const Job& job, const Result<Response>& result,
                                        SteadyTime now) const {
  if (result) {
    const bool asked = !result->header("Retry-After").empty();
    switch (result->status) {
      case 429: return Failure::throttled;
      case 500:
      case 502:
      case 503:
      case 504: return asked ? Failure::asked_later : Failure::server;
      default: return Failure::none;
    }
  }
  switch (result.error().code) {
    case ErrorCode::unreachable: return Failure::unreachable;
    case ErrorCode::disconnected: return Failure::disconnected;
    // Its own deadline, or an idle time-out that leaves time for another try.
    case ErrorCode::timed_out: return now < job.deadline ? Failure::idle : Failure::final;
    default: return Failure::final;
  }
}

void RetryTransport::State::learn(const Job& job, Failure failure, bool answered, SteadyTime now) {
  reached = reached || answered;
  // A stream lasts as long as there is something to say.
  if (answered && job.counts()) {
    const auto took = std::chrono::duration_cast<milliseconds>(now - job.sent_at);
    slowest = std::max<long>(slowest, took.count());
  }
  if (failure == Failure::throttled) {
    // Requests that left before the last halving say nothing new.
    if (job.sent_at <= narrowed) return;
    window = std::max(1.0, window / 2);
    narrowed = now;
    log.write(6, fmt::format("throttled: at most {} requests at a time", static_cast<int>(window)));
  } else if (failure == Failure::none) {
    window = std::min<double>(std::max(1, options.max_in_flight), window + 1 / window);
    budget = std::min<double>(options.budget, budget + 1.0 / 3);
  }
}

milliseconds RetryTransport::State::jitter(milliseconds delay, double from, double to) {
  const double factor = std::uniform_real_distribution<double>(from, to)(random);
  return milliseconds(static_cast<long>(static_cast<double>(delay.count()) * factor));
}

std::optional<milliseconds> RetryTransport::State::next_delay(Job& job, Failure failure,
                                                              const Result<Response>& result,
                                                              SteadyTime now) {
  if (failure == Failure::none || failure == Failure::final || closing) return std::nullopt;
  if (job.tries >= options.max_tries || job.received->load()) return std::nullopt;
  if (needs_repeatable(failure) && !is_repeatable(job.request)) return std::nullopt;
  if (failure == Failure::server && ++job.server_failures >= options.max_server_failures) {
    return std::nullopt;
  }
  if (failure == Failure::idle && ++job.idle_timeouts >= options.max_idle_timeouts) {
    return std::nullopt;
  }
  // A server that answered before may be restarting; one that never did is probably
  // not there, and a connect time-out has cost seconds already.
  constexpr milliseconds k_patience{3'000};
  if (failure == Failure::unreachable && !reached &&
      (++job.unreachable >= options.max_unreachable || now - job.started > k_patience)) {
    return std::nullopt;
  }

  job.may_have_acted = job.may_have_acted || needs_repeatable(failure);
  const int doublings = std::min(job.tries - 1, 20);
  milliseconds delay =
      jitter(std::min(options.max_delay, options.first_delay * (1 << doublings)), 0.5, 1.0);
  if (result) {
    if (const auto asked = parse_retry_after(result->header("Retry-After"), options.wall_clock())) {
      if (*asked > options.max_retry_after) return std::nullopt;
      // Never earlier than asked, and not all at once.
      delay = std::max(delay, *asked + jitter(std::max(options.first_delay, *asked / 4), 0.0, 1.0));
    }
  }
  if (job.deadline != SteadyTime::max() && now + delay >= job.deadline) return std::nullopt;
  if (failure != Failure::throttled) {
    if (budget < 1) {
      log.write(6, fmt::format("not trying {} again: too many requests have failed", job.line()));
      return std::nullopt;
    }
    --budget;
  }
  return delay;
}

void RetryTransport::State::ended(const JobPtr& job, Result<Response> result) {
  std::optional<milliseconds> delay;
  {
    const std::lock_guard lock(mutex);
    const SteadyTime now = options.now();
    if (job->counts()) --in_flight;
    const Failure failure = classify(*job, result, now);
    learn(*job, failure, result.has_value(), now);
    delay = next_delay(*job, failure, result, now);
    if (delay) job->not_before = now + *delay;
  }
  if (delay) {
    const std::string_view asked = result ? result->header("Retry-After") : std::string_view();
    job->last_failure = !result ? result.error().message
                        : asked.empty()
                            ? fmt::format("{}", result->status)
                            : fmt::format("{} (Retry-After: {})", result->status, asked);
    log.write(6, fmt::format("try {} of {} in {:.1f} s: {}", job->tries + 1, job->line(),
                             static_cast<double>(delay->count()) / 1000.0, job->last_failure));
    submit(job);
    return;
  }
  if (!result && job->tries > 1 && result.error().code != ErrorCode::cancelled) {
    Error& error = result.error();
    if (error.code == ErrorCode::unreachable && job->may_have_acted) {
      error.code = ErrorCode::disconnected;
    }
    const bool says_it_already = error.message == job->last_failure || job->last_failure.empty();
    error.message += says_it_already ? fmt::format(" ({} tries)", job->tries)
                                     : fmt::format(" ({} tries, before this: {})", job->tries,
                                                   job->last_failure);
  }
  pump();
  const Completion done = std::move(job->done);
  done(std::move(result));
}

RetryTransport::RetryTransport(std::unique_ptr<Transport> inner, RetryOptions options, Log log)
    : m_state(std::make_shared<State>(std::move(inner), std::move(options), std::move(log))) {}

RetryTransport::~RetryTransport() {
  std::deque<JobPtr> waiting;
  {
    const std::lock_guard lock(m_state->mutex);
    m_state->closing = true;
    waiting.swap(m_state->waiting);
    waiting.insert(waiting.end(), m_state->streams.begin(), m_state->streams.end());
    m_state->streams.clear();
  }
  for (const JobPtr& job : waiting) {
    job->done(fail(ErrorCode::cancelled, job->line() + " was cancelled"));
  }
  // Ends what is under way, on its own thread, while the state is still there.
  m_state->inner.reset();
}

void RetryTransport::start(Request request, Completion done) {
  auto job = std::make_shared<Job>();
  job->started = m_state->options.now();
  job->not_before = job->started + request.delay;
  if (request.timeout.count() > 0) job->deadline = job->started + request.timeout;
  job->own_idle_timeout = request.idle_timeout;
  if (request.sink) {
    request.sink = [sink = std::move(request.sink),
                    received = job->received](std::string_view piece) {
      received->store(true);
      return sink(piece);
    };
  }
  job->request = std::move(request);
  job->done = std::move(done);
  m_state->submit(job);
}

long RetryTransport::sent() const {
  return m_state->sent.load();
}

}  // namespace kai::http
