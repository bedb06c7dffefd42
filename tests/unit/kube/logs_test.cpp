#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/client.hpp>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using http::Method;
using test::FakeTransport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string at(std::string_view seconds, std::string_view text) {
  return "2026-01-02T03:04:" + std::string(seconds) + "Z " + std::string(text) + "\n";
}

class LogsTest : public testing::Test {
 protected:
  LogsTest() {
    m_access.server = "https://api";
    m_fake.on(Method::get, "/api/v1/namespaces/ai/pods/p/log")
        .compute([this](const http::Request& request) -> Result<http::Response> {
          m_queries.push_back(request.url.substr(request.url.find('?') + 1));
          if (m_streams.empty()) return fail(ErrorCode::internal, "nothing more in the script");
          const Stream stream = m_streams.front();
          m_streams.erase(m_streams.begin());
          if (stream.status != 200) return http::Response{stream.status, {}, stream.text};
          if (!stream.text.empty() && !request.sink(stream.text)) {
            return fail(ErrorCode::cancelled, "the sink wants no more");
          }
          if (stream.error) return fail(*stream.error, "broken");
          return http::Response{200, {}, ""};
        });
  }

  ~LogsTest() override { EXPECT_THAT(m_fake.unexpected(), IsEmpty()); }

  // Answers to "how is the pod" in turn; the last one stays.
  void pod_is(std::initializer_list<std::string_view> states) {
    auto rule = m_fake.on(Method::get, "/api/v1/namespaces/ai/pods/p");
    for (const std::string_view state : states) {
      rule.reply(200, R"({"kind":"Pod","metadata":{"name":"p"},"status":{"containerStatuses":[
                          {"name":"other","state":{"running":{}}},
                          {"name":"main","state":{")" +
                          std::string(state) + R"(":{}}}]}})");
    }
  }

  Result<> read(LogOptions options = {}) {
    Client client(m_access, m_outside.context, m_fake.handle());
    options.container = "main";
    return client.logs("ai", "p", options, [this](std::string_view text) {
      m_text += text;
      return true;
    });
  }

  Result<> follow() {
    LogOptions options;
    options.follow = true;
    return read(options);
  }

  struct Stream {
    std::string text;
    std::optional<ErrorCode> error;
    int status = 200;
  };

  test::Outside m_outside;
  FakeTransport m_fake;
  ClusterAccess m_access;
  std::vector<Stream> m_streams;
  std::vector<std::string> m_queries;
  std::string m_text;
};

TEST_F(LogsTest, TextIsHandedOverWithoutTimestamps) {
  m_streams = {{at("05.1", "one") + at("05.2", "") + at("05.3", "two words") +
                    "2026-01-02T03:04:05.4Z no newline",
                {}}};
  LogOptions options;
  options.tail_lines = 10;
  ASSERT_TRUE(read(options).has_value());
  EXPECT_EQ(m_text, "one\n\ntwo words\nno newline");
  EXPECT_THAT(m_queries, ElementsAre("container=main&timestamps=true&tailLines=10"));
}

TEST_F(LogsTest, ALogWithoutTimestampsIsHandedOverAsItIs) {
  m_streams = {{"plain text\nmore\n", {}}};
  ASSERT_TRUE(read().has_value());
  EXPECT_EQ(m_text, "plain text\nmore\n");
}

TEST_F(LogsTest, WithoutTimestampsNothingIsReadTwice) {
  m_streams = {{"plain text\nmore", {}}};
  ASSERT_TRUE(follow().has_value());
  EXPECT_EQ(m_text, "plain text\nmore");
  m_streams = {{"plain text\n", ErrorCode::disconnected}};
  EXPECT_EQ(follow().error().code, ErrorCode::disconnected);
}

TEST_F(LogsTest, ABrokenConnectionLosesAndRepeatsNothing) {
  m_streams = {
      {at("05.1", "a") + at("05.2", "b") + "2026-01-02T03:04:05.3Z ha", ErrorCode::disconnected},
      {at("05.1", "a") + at("05.2", "b") + at("05.3", "half") + at("06", "c"), {}}};
  ASSERT_TRUE(read().has_value());
  EXPECT_EQ(m_text, "a\nb\nhalf\nc\n");
  EXPECT_THAT(m_queries.at(1), HasSubstr("sinceTime=2026-01-02T03%3A04%3A05Z"));
}

TEST_F(LogsTest, EqualTimestampsAreCounted) {
  m_streams = {{at("05.1", "a") + at("05.1", "b"), ErrorCode::disconnected},
               {at("05.1", "a") + at("05.1", "b") + at("05.1", "c"), ErrorCode::disconnected},
               {at("05.1", "a") + at("05.1", "b") + at("05.1", "c") + at("05.1", "d"), {}}};
  ASSERT_TRUE(read().has_value());
  EXPECT_EQ(m_text, "a\nb\nc\nd\n");
}

TEST_F(LogsTest, FollowingGoesOnWhileTheContainerRuns) {
  pod_is({"running", "running", "terminated"});
  m_streams = {{at("05", "a"), {}},
               {at("05", "a") + at("06", "b"), ErrorCode::timed_out},
               {at("06", "b") + at("07", "c"), {}},
               {at("07", "c") + at("08", "last words"), {}}};
  ASSERT_TRUE(follow().has_value());
  EXPECT_EQ(m_text, "a\nb\nc\nlast words\n");
  EXPECT_THAT(m_queries.at(0), "container=main&follow=true&timestamps=true");
  EXPECT_THAT(m_queries.at(2), HasSubstr("follow=true"));
  // The container has ended: what is left is read, and waited for no more.
  EXPECT_THAT(m_queries.at(3), testing::Not(HasSubstr("follow")));
}

TEST_F(LogsTest, ASilentContainerIsFollowedOn) {
  pod_is({"running", "running", "running", "running", "running", "running", "terminated"});
  for (int i = 0; i < 7; ++i) m_streams.push_back({"", ErrorCode::timed_out});
  m_streams.push_back({at("07", "at last"), {}});
  ASSERT_TRUE(follow().has_value());
  EXPECT_EQ(m_text, "at last\n");
}

TEST_F(LogsTest, APodThatIsGoneEndsTheLog) {
  m_fake.on(Method::get, "/api/v1/namespaces/ai/pods/p")
      .reply(404, test::status_body(404, "NotFound", "gone"));
  m_streams = {{at("05", "a"), {}}};
  ASSERT_TRUE(follow().has_value());
  EXPECT_EQ(m_text, "a\n");
}

TEST_F(LogsTest, ErrorsOfTheServerAreTold) {
  m_streams = {
      {test::status_body(400, "BadRequest", "container \"main\" is waiting to start"), {}, 400}};
  const auto result = read();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_object);
  EXPECT_EQ(result.error().to_string(),
            "container \"main\" is waiting to start (while reading the log of Pod ai/p)");
}

TEST_F(LogsTest, AServerThatWasNeverReachedIsAnError) {
  m_streams = {{"", ErrorCode::unreachable}};
  EXPECT_EQ(follow().error().code, ErrorCode::unreachable);
}

TEST_F(LogsTest, TheCallerMayStop) {
  m_streams = {{at("05", "a") + at("06", "b"), {}}};
  Client client(m_access, m_outside.context, m_fake.handle());
  ASSERT_TRUE(client
                  .logs("ai", "p", {},
                        [this](std::string_view text) {
                          m_text += text;
                          return false;
                        })
                  .has_value());
  EXPECT_EQ(m_text, "a\n");
}

}  // namespace
}  // namespace kai::kube
