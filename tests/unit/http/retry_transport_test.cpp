#include "support/fake_transport.hpp"
#include "support/fault_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/http/retry_transport.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace kai::http {
namespace {

using std::chrono::milliseconds;
using test::FakeTransport;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

// Time moves only by the delays that RetryTransport asks for.
class ManualClock {
 public:
  std::chrono::steady_clock::time_point now() const {
    const std::lock_guard lock(m_mutex);
    return m_now;
  }
  void advance(milliseconds by) {
    const std::lock_guard lock(m_mutex);
    m_now += by;
  }

 private:
  mutable std::mutex m_mutex;
  std::chrono::steady_clock::time_point m_now{std::chrono::hours(1)};
};

// Lets the clock pass as a request is delayed, which a real transport would sit out.
class TimeTravel final : public Transport {
 public:
  TimeTravel(std::unique_ptr<Transport> inner, ManualClock& clock)
      : m_inner(std::move(inner)), m_clock(clock) {}
  void start(Request request, Completion done) override {
    m_clock.advance(request.delay);
    m_inner->start(std::move(request), std::move(done));
  }

 private:
  std::unique_ptr<Transport> m_inner;
  ManualClock& m_clock;
};

class RetryTransportTest : public testing::Test {
 protected:
  RetryTransport make(RetryOptions options = {}) {
    options.now = [this] { return m_clock.now(); };
    options.wall_clock = [] { return std::chrono::sys_days(std::chrono::year(2026) / 1 / 1); };
    return RetryTransport(std::make_unique<TimeTravel>(m_fake.handle(), m_clock),
                          std::move(options), Log(9, [this](int level, std::string_view line) {
                            if (level <= 6) m_lines.emplace_back(line);
                          }));
  }

  std::vector<long> delays() const {
    std::vector<long> delays;
    for (const Request& request : m_fake.requests()) delays.push_back(request.delay.count());
    return delays;
  }

  std::vector<long> idle_timeouts() const {
    std::vector<long> idle;
    for (const Request& request : m_fake.requests()) idle.push_back(request.idle_timeout.count());
    return idle;
  }

  ManualClock m_clock;
  FakeTransport m_fake;
  std::vector<std::string> m_lines;
};

Request request_of(Method method, std::string url = "https://host/a") {
  Request request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

auto between(long from, long to) {
  return AllOf(Ge(from), Le(to));
}

TEST_F(RetryTransportTest, WaitsAsLongAsTheServerAsks) {
  m_fake.on(Method::post, "/a").reply(429, "", {{"Retry-After", "7"}}).reply(201);
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::post))->status, 201);
  EXPECT_THAT(delays(), ElementsAre(0, between(7000, 8750)));
  EXPECT_THAT(m_lines, testing::Contains(AllOf(HasSubstr("try 2 of POST https://host/a in "),
                                               HasSubstr(" s: 429 (Retry-After: 7)"))));
}

TEST_F(RetryTransportTest, UnderstandsRetryAfterAsADate) {
  m_fake.on(Method::get, "/a")
      .reply(503, "", {{"Retry-After", "Thu, 01 Jan 2026 00:00:20 GMT"}})
      .reply(200);
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get))->status, 200);
  EXPECT_THAT(delays(), ElementsAre(0, between(20'000, 25'000)));
}

TEST_F(RetryTransportTest, DoublesItsDelaysWithJitter) {
  m_fake.on(Method::get, "/a").reply(429);
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get))->status, 429);
  EXPECT_THAT(delays(),
              ElementsAre(0, between(50, 100), between(100, 200), between(200, 400),
                          between(400, 800), between(800, 1600), between(1600, 3200),
                          between(3200, 6400), between(5000, 10'000), between(5000, 10'000)));
}

TEST_F(RetryTransportTest, GivesUpEarlyOnAServerThatAlwaysFails) {
  m_fake.on(Method::get, "/a").reply(500, "why");
  RetryTransport transport = make();
  const auto answer = send(transport, request_of(Method::get));
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body, "why");
  EXPECT_THAT(m_fake.requests(), SizeIs(5));
}

TEST_F(RetryTransportTest, RepeatsOnlyWhatMayBeRepeated) {
  struct Case {
    Method method;
    bool idempotent;
    bool after_disconnect;
    bool after_unreachable;
  };
  for (const Case& one :
       {Case{Method::get, false, true, true}, Case{Method::head, false, true, true},
        Case{Method::post, false, false, true}, Case{Method::patch, false, false, true},
        Case{Method::patch, true, true, true}, Case{Method::del, false, false, true},
        Case{Method::del, true, true, true}}) {
    SCOPED_TRACE(std::string(to_string(one.method)) + (one.idempotent ? " idempotent" : ""));
    Request request = request_of(one.method);
    request.idempotent = one.idempotent;

    for (const auto& [code, repeated] :
         {std::pair{ErrorCode::disconnected, one.after_disconnect},
          std::pair{ErrorCode::timed_out, one.after_disconnect},
          std::pair{ErrorCode::unreachable, one.after_unreachable},
          std::pair{ErrorCode::untrusted, false}, std::pair{ErrorCode::cancelled, false},
          std::pair{ErrorCode::server, false}}) {
      FakeTransport fake;
      fake.on(one.method, "/a").fail(code).reply(200);
      RetryTransport transport(fake.handle(), {}, {});
      EXPECT_EQ(send(transport, request).has_value(), repeated) << static_cast<int>(code);
      EXPECT_THAT(fake.requests(), SizeIs(repeated ? 2 : 1));
    }
    for (const int status : {500, 502, 503, 504}) {
      FakeTransport fake;
      fake.on(one.method, "/a").reply(status).reply(200);
      RetryTransport transport(fake.handle(), {}, {});
      EXPECT_EQ(send(transport, request)->status, one.after_disconnect ? 200 : status);
    }
    for (const int status : {400, 401, 403, 404, 409, 410, 422, 501}) {
      FakeTransport fake;
      fake.on(one.method, "/a").reply(status).reply(200);
      RetryTransport transport(fake.handle(), {}, {});
      EXPECT_EQ(send(transport, request)->status, status);
    }
  }
}

TEST_F(RetryTransportTest, ReportsAServerThatIsNotThereSoon) {
  m_fake.on(Method::get, "/a").fail(ErrorCode::unreachable, "connection refused");
  RetryTransport transport = make();
  const auto before = m_clock.now();
  const auto answer = send(transport, request_of(Method::get));
  EXPECT_EQ(answer.error().message, "connection refused (3 tries)");
  EXPECT_LT(m_clock.now() - before, milliseconds(500));
}

TEST_F(RetryTransportTest, BearsWithAServerThatIsBeingRestarted) {
  m_fake.on(Method::get, "/a").reply(200);
  RetryTransport transport = make();
  ASSERT_EQ(send(transport, request_of(Method::get))->status, 200);
  auto rule = m_fake.on(Method::get, "/a").clear();
  for (int i = 0; i < 8; ++i) rule.fail(ErrorCode::unreachable, "connection refused");
  rule.reply(200);
  EXPECT_EQ(send(transport, request_of(Method::get))->status, 200);
}

TEST_F(RetryTransportTest, KeepsWithinTheRequestsOwnTimeout) {
  m_fake.on(Method::get, "/a").reply(429, "", {{"Retry-After", "2"}});
  RetryTransport transport = make();
  Request request = request_of(Method::get);
  request.timeout = milliseconds(5000);
  const auto before = m_clock.now();
  EXPECT_EQ(send(transport, request)->status, 429);  // told as it is, not as a time-out
  EXPECT_LE(m_clock.now() - before, milliseconds(5000));
  const auto requests = m_fake.requests();
  ASSERT_THAT(requests, SizeIs(testing::Ge(2U)));
  EXPECT_EQ(requests[0].timeout, milliseconds(5000));
  EXPECT_EQ(requests[1].timeout, milliseconds(5000)) << "the delay is part of the rest";
  if (requests.size() > 2) {
    EXPECT_LE(requests[2].timeout, milliseconds(3000));
  }
}

TEST_F(RetryTransportTest, DoesNotWaitForHoursBecauseAServerSaysSo) {
  m_fake.on(Method::get, "/a").reply(429, "", {{"Retry-After", "86400"}}).reply(200);
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get))->status, 429);
}

TEST_F(RetryTransportTest, GivesAStalledRequestMoreTimeEachTry) {
  m_fake.on(Method::get, "/a").fail(ErrorCode::timed_out, "nothing came");
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get)).error().message, "nothing came (5 tries)");
  EXPECT_THAT(idle_timeouts(), ElementsAre(5'000, 10'000, 20'000, 40'000, 65'000));
}

TEST_F(RetryTransportTest, LeavesASlowServerMoreTimeFromTheFirst) {
  long answers_after = 30;
  m_fake.on(Method::get, "/a").compute([&](const Request&) {
    m_clock.advance(milliseconds(answers_after));
    return Result<Response>(Response());
  });
  RetryTransport transport = make();
  for (const long next : {800L, 50L, 9'000L, 50L}) {
    ASSERT_TRUE(send(transport, request_of(Method::get)));
    answers_after = next;
  }
  ASSERT_TRUE(send(transport, request_of(Method::get)));
  // After the slowest of 0, 30, 800, 800 and 9000 ms.
  EXPECT_THAT(idle_timeouts(), ElementsAre(5'000, 5'000, 8'000, 8'000, 20'000));
}

TEST_F(RetryTransportTest, GivesTheWholeTimeToWhatCannotBeRepeated) {
  m_fake.on(Method::post, "/a").fail(ErrorCode::timed_out, "nothing came");
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::post)).error().message, "nothing came");
  EXPECT_THAT(idle_timeouts(), ElementsAre(65'000));
}

TEST_F(RetryTransportTest, LeavesIdleTimeoutsOfStreamsAndCallersAlone) {
  m_fake.on(Method::get, "/a").reply(200);
  m_fake.on(Method::post, "/a").reply(200);
  RetryTransport transport = make();
  Request own = request_of(Method::get);
  own.idle_timeout = milliseconds(3);
  Request stream = request_of(Method::get);
  stream.sink = [](std::string_view) { return true; };
  ASSERT_TRUE(send(transport, own));
  ASSERT_TRUE(send(transport, stream));
  ASSERT_TRUE(send(transport, request_of(Method::post)));
  EXPECT_THAT(idle_timeouts(), ElementsAre(3, 0, 65'000));
}

TEST_F(RetryTransportTest, RepeatsAStreamOnlyBeforeItsFirstByte) {
  m_fake.on(Method::get, "/a")
      .fail(ErrorCode::disconnected)
      .stream({"one", "two"})
      .then_fail(Error(ErrorCode::disconnected, "broke"));
  RetryTransport transport = make();
  std::string seen;
  Request request = request_of(Method::get);
  request.sink = [&](std::string_view piece) {
    seen += piece;
    return true;
  };
  EXPECT_THAT(send(transport, request).error().message, HasSubstr("broke"));
  EXPECT_EQ(seen, "onetwo");
  EXPECT_THAT(m_fake.requests(), SizeIs(2));
}

TEST_F(RetryTransportTest, StopsWhenTheBudgetIsUsedUp) {
  RetryOptions options;
  options.budget = 3;
  m_fake.on(Method::get, "/bad").fail(ErrorCode::disconnected, "broke");
  m_fake.on(Method::get, "/good").reply(200);
  RetryTransport transport = make(options);
  EXPECT_FALSE(send(transport, request_of(Method::get, "https://host/bad")));
  EXPECT_EQ(transport.sent(), 4);
  EXPECT_FALSE(send(transport, request_of(Method::get, "https://host/bad")));
  EXPECT_EQ(transport.sent(), 5) << "nothing is left to try again with";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(send(transport, request_of(Method::get, "https://host/good")));
  }
  EXPECT_FALSE(send(transport, request_of(Method::get, "https://host/bad")));
  EXPECT_EQ(transport.sent(), 10) << "three successes earn one more try";
}

TEST_F(RetryTransportTest, BoundsWhatIsInFlight) {
  RetryOptions options;
  options.max_in_flight = 4;
  m_fake.on(Method::get, "/a").reply(200).hold();
  RetryTransport transport = make(options);
  int ended = 0;
  for (int i = 0; i < 10; ++i) {
    transport.start(request_of(Method::get), [&](const Result<Response>&) { ++ended; });
  }
  EXPECT_EQ(m_fake.held(), 4U);
  EXPECT_EQ(m_fake.release(1), 1U);
  EXPECT_EQ(m_fake.held(), 4U);
  while (m_fake.release() > 0) EXPECT_LE(m_fake.held(), 4U);
  EXPECT_EQ(ended, 10);
}

TEST_F(RetryTransportTest, StreamsNeedNoPlaceInTheWindow) {
  RetryOptions options;
  options.max_in_flight = 1;
  m_fake.on(Method::get, "/watch").stream({}).hold();
  m_fake.on(Method::get, "/a").reply(200);
  RetryTransport transport = make(options);
  for (int i = 0; i < 3; ++i) {
    Request watch = request_of(Method::get, "https://host/watch");
    watch.sink = [](std::string_view) { return true; };
    transport.start(watch, [](const Result<Response>&) {});
  }
  EXPECT_EQ(m_fake.held(), 3U);
  EXPECT_EQ(send(transport, request_of(Method::get))->status, 200);
  m_fake.release();
}

TEST_F(RetryTransportTest, HalvesTheWindowOncePerRoundTrip) {
  RetryOptions options;
  options.max_in_flight = 16;
  // 16 requests leave together and are all refused: one halving, not four.
  auto rule = m_fake.on(Method::get, "/a");
  for (int i = 0; i < 16; ++i) rule.reply(429).hold();
  rule.reply(200).hold();
  RetryTransport transport = make(options);
  int ended = 0;
  for (int i = 0; i < 40; ++i) {
    transport.start(request_of(Method::get), [&](const Result<Response>&) { ++ended; });
  }
  ASSERT_EQ(m_fake.held(), 16U);
  m_fake.release(16);
  EXPECT_EQ(m_fake.held(), 8U);
  // Eight successes open it by one.
  m_fake.release(8);
  EXPECT_EQ(m_fake.held(), 8U);
  m_fake.release(1);
  EXPECT_EQ(m_fake.held(), 9U);
  while (m_fake.release() > 0) {
  }
  EXPECT_EQ(ended, 40);
}

TEST_F(RetryTransportTest, EndsWhatWaitsWhenItGoes) {
  RetryOptions options;
  options.max_in_flight = 1;
  m_fake.on(Method::get, "/a").reply(200).hold();
  std::vector<ErrorCode> codes;
  {
    RetryTransport transport = make(options);
    for (int i = 0; i < 3; ++i) {
      transport.start(request_of(Method::get), [&](const Result<Response>& result) {
        codes.push_back(result ? ErrorCode::internal : result.error().code);
      });
    }
  }
  EXPECT_THAT(codes, ElementsAre(ErrorCode::cancelled, ErrorCode::cancelled));
  m_fake.release();
  EXPECT_THAT(codes, SizeIs(3));
}

TEST_F(RetryTransportTest, SaysWhatWentBefore) {
  m_fake.on(Method::get, "/a")
      .reply(503)
      .fail(Error(ErrorCode::untrusted, "the certificate has expired"));
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get)).error().message,
            "the certificate has expired (2 tries, before this: 503)");
}

TEST_F(RetryTransportTest, DoesNotClaimThatNothingWasSentWhenAnEarlierTryWas) {
  auto rule = m_fake.on(Method::get, "/a");
  rule.fail(ErrorCode::disconnected, "broke").fail(ErrorCode::unreachable, "refused");
  RetryTransport transport = make();
  EXPECT_EQ(send(transport, request_of(Method::get)).error().code, ErrorCode::disconnected);
}

// A request that fails in every way the network knows still ends right.
TEST_F(RetryTransportTest, GetsThroughFaults) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    ManualClock clock;
    FakeTransport fake;
    fake.on(Method::get, "/a").reply(200, "whole body");
    test::FaultOptions faults;
    faults.seed = seed;
    faults.share = 0.2;
    auto faulty = std::make_unique<test::FaultTransport>(fake.handle(), faults);
    const auto counts = faulty->counts();
    RetryOptions options;
    options.now = [&clock] { return clock.now(); };
    RetryTransport transport(std::make_unique<TimeTravel>(std::move(faulty), clock), options, {});
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          const auto answer = send(transport, request_of(Method::get));
          if (answer && answer->status == 200 && answer->body == "whole body") ++right;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 400);
    EXPECT_GT(counts.all(), 40);
    EXPECT_EQ(counts.hung(), 0);
    EXPECT_EQ(transport.sent(), counts.requests());
  }
}

}  // namespace
}  // namespace kai::http
