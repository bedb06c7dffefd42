#include "support/fake_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace kai::test {
namespace {

using http::Method;
using http::Request;
using testing::ElementsAre;

Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

TEST(FakeTransport, GivesAnswersInTurnAndRepeatsTheLast) {
  FakeTransport fake;
  fake.on(Method::get, "/a").reply(429, "", {{"Retry-After", "1"}}).reply(200, "body");
  EXPECT_EQ(send(fake, get("https://host:6443/a"))->header("retry-after"), "1");
  EXPECT_EQ(send(fake, get("https://host:6443/a"))->body, "body");
  EXPECT_EQ(send(fake, get("https://host:6443/a"))->body, "body");
}

TEST(FakeTransport, PrefersRulesWithAQueryWhoseOrderDoesNotMatter) {
  FakeTransport fake;
  fake.on(Method::get, "/a").reply(200, "any");
  fake.on(Method::get, "/a?limit=5&continue=x").reply(200, "page");
  EXPECT_EQ(send(fake, get("https://host/a?continue=x&limit=5"))->body, "page");
  EXPECT_EQ(send(fake, get("https://host/a?limit=5"))->body, "any");
}

TEST(FakeTransport, ReportsWhatNoRuleExpects) {
  FakeTransport fake;
  fake.on(Method::get, "/a").reply(200);
  Request request = get("https://host/a");
  request.method = Method::del;
  EXPECT_EQ(send(fake, request).error().code, ErrorCode::internal);
  EXPECT_THAT(fake.unexpected(), ElementsAre("DELETE https://host/a"));
}

TEST(FakeTransport, StreamsPiecesAndThenBreaks) {
  FakeTransport fake;
  fake.on(Method::get, "/a")
      .stream({"one", "two"})
      .then_fail(Error(ErrorCode::unreachable, "reset"));
  std::vector<std::string> seen;
  Request request = get("https://host/a");
  request.sink = [&](std::string_view piece) {
    seen.emplace_back(piece);
    return true;
  };
  EXPECT_EQ(send(fake, request).error().code, ErrorCode::unreachable);
  EXPECT_THAT(seen, ElementsAre("one", "two"));
}

TEST(FakeTransport, HoldsAnAnswerUntilItIsReleased) {
  FakeTransport fake;
  fake.on(Method::get, "/a").stream({"begin"}).hold();
  std::string seen;
  int status = 0;
  std::thread caller([&] {
    Request request = get("https://host/a");
    request.sink = [&](std::string_view piece) {
      seen += piece;
      return true;
    };
    const std::unique_ptr<http::Transport> handle = fake.handle();
    status = send(*handle, request)->status;
  });
  fake.wait_for_held(1);
  fake.feed(" end");
  EXPECT_EQ(fake.release(), 1U);
  caller.join();
  EXPECT_EQ(seen, "begin end");
  EXPECT_EQ(status, 200);
}

TEST(FakeTransport, EndsHeldRequestsWhenItGoes) {
  ErrorCode code = ErrorCode::internal;
  {
    FakeTransport fake;
    fake.on(Method::get, "/a").reply(200).hold();
    fake.start(get("https://host/a"),
               [&](Result<http::Response> result) { code = result.error().code; });
  }
  EXPECT_EQ(code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace kai::test
