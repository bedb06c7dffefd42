#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/client.hpp>

#include <atomic>
#include <thread>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using http::Method;
using test::FakeTransport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string pod(std::string_view name, int version, std::string_view uid = "u") {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + std::string(name) +
         R"(","namespace":"ai","uid":")" + std::string(uid) + R"(","resourceVersion":")" +
         std::to_string(version) + "\"}}";
}

std::string event(std::string_view type, const std::string& object) {
  return R"({"type":")" + std::string(type) + R"(","object":)" + object + "}\n";
}

std::string list(std::initializer_list<std::string> pods, int version) {
  std::string items;
  for (const std::string& each : pods) items += (items.empty() ? "" : ",") + each;
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" +
         std::to_string(version) + R"("},"items":[)" + items + "]}";
}

const std::string k_gone =
    event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})");

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    m_access.server = "https://api";
    // Rules with a query go before this one: it answers the lists.
    m_list.clear();
    m_watch.clear();
    m_fake.on(Method::get, "/api/v1/namespaces/ai/pods")
        .compute([this](const http::Request& request) -> Result<http::Response> {
          m_urls.push_back(request.url);
          const bool watching = request.url.find("watch=true") != std::string::npos;
          std::vector<std::string>& script = watching ? m_watch : m_list;
          if (script.empty()) return fail(ErrorCode::internal, "nothing more in the script");
          const std::string body = script.front();
          script.erase(script.begin());
          if (body == "broken") return fail(ErrorCode::disconnected, "reset");
          if (body == "forbidden") return http::Response{403, {}, "{}"};
          if (body == "expired") return http::Response{410, {}, R"({"kind":"Status","code":410})"};
          if (!watching) return http::Response{200, {}, body};
          // Lines do not arrive as lines.
          for (std::size_t at = 0; at < body.size(); at += 7) {
            if (!request.sink(std::string_view(body).substr(at, 7))) {
              return fail(ErrorCode::cancelled, "the sink wants no more");
            }
          }
          return http::Response{200, {}, ""};
        });
  }

  // Watches until `count` events have come.
  Result<> watch(std::size_t count, WatchOptions options = {},
                 std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
    if (!m_client) m_client.emplace(m_access, m_outside.context, m_fake.handle());
    options.ns = "ai";
    return m_client->watch(
        *m_client->resource_type("v1", "Pod"), options, timeout, [&](WatchEvent&& event) {
          constexpr std::string_view k_types[] = {"added", "modified", "deleted", "bookmark"};
          m_events.push_back(std::string(k_types[static_cast<int>(event.type)]) + " " +
                             event.object.ref().to_string() + " " +
                             std::string(event.object.resource_version()));
          return m_events.size() < count;
        });
  }

  test::Outside m_outside;
  FakeTransport m_fake;
  ClusterAccess m_access;
  std::optional<Client> m_client;
  std::vector<std::string> m_list;
  std::vector<std::string> m_watch;
  std::vector<std::string> m_urls;
  std::vector<std::string> m_events;
};

TEST_F(WatchTest, BeginsWithThePresentState) {
  m_list = {list({pod("a", 1), pod("b", 2)}, 5)};
  m_watch = {event("ADDED", pod("c", 6)) + event("MODIFIED", pod("a", 7)) +
             event("DELETED", pod("b", 8))};
  ASSERT_TRUE(watch(5).has_value());
  EXPECT_THAT(m_events, ElementsAre("added Pod ai/a 1", "added Pod ai/b 2", "added Pod ai/c 6",
                                    "modified Pod ai/a 7", "deleted Pod ai/b 8"));
  EXPECT_THAT(m_urls.at(1), HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=5"));
}

TEST_F(WatchTest, AGivenVersionNeedsNoList) {
  m_watch = {event("MODIFIED", pod("a", 7))};
  WatchOptions options;
  options.resource_version = "5";
  options.field_selector = "metadata.name=a";
  ASSERT_TRUE(watch(1, options).has_value());
  EXPECT_THAT(m_events, ElementsAre("modified Pod ai/a 7"));
  EXPECT_THAT(m_urls.at(0), HasSubstr("fieldSelector=metadata.name%3Da&watch=true"));
}

TEST_F(WatchTest, ResumesFromTheLastBookmark) {
  m_list = {list({}, 5)};
  m_watch = {event("ADDED", pod("a", 6)) +
                 event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"90"}})"),
             event("ADDED", pod("b", 91))};
  ASSERT_TRUE(watch(3).has_value());
  EXPECT_THAT(m_events, ElementsAre("added Pod ai/a 6", testing::StartsWith("bookmark"),
                                    "added Pod ai/b 91"));
  EXPECT_THAT(m_urls.at(2), HasSubstr("resourceVersion=90"));
}

TEST_F(WatchTest, ResumesAfterABrokenConnection) {
  m_list = {list({pod("a", 1)}, 5)};
  m_watch = {event("MODIFIED", pod("a", 6)), "broken", event("MODIFIED", pod("a", 7))};
  ASSERT_TRUE(watch(3).has_value());
  EXPECT_THAT(m_events,
              ElementsAre("added Pod ai/a 1", "modified Pod ai/a 6", "modified Pod ai/a 7"));
  EXPECT_THAT(m_urls.back(), HasSubstr("resourceVersion=6"));
}

TEST_F(WatchTest, AfterAnExpiredVersionTheDifferenceIsTold) {
  m_list = {
      list({pod("same", 1), pod("changed", 2), pod("gone", 3), pod("remade", 4, "old")}, 5),
      list({pod("same", 1), pod("changed", 12), pod("new", 13), pod("remade", 14, "new")}, 20)};
  m_watch = {k_gone, event("ADDED", pod("after", 21))};
  ASSERT_TRUE(watch(10).has_value());
  m_events.erase(m_events.begin(), m_events.begin() + 4);
  EXPECT_THAT(m_events, ElementsAre("modified Pod ai/changed 12", "added Pod ai/new 13",
                                    "deleted Pod ai/remade 4", "added Pod ai/remade 14",
                                    "deleted Pod ai/gone 3", "added Pod ai/after 21"));
  EXPECT_THAT(m_urls.back(), HasSubstr("resourceVersion=20"));
}

TEST_F(WatchTest, AnExpiredVersionMayAlsoBeAnHttpAnswer) {
  m_watch = {"expired"};
  m_list = {list({pod("a", 1)}, 5)};
  WatchOptions options;
  options.resource_version = "1";
  ASSERT_TRUE(watch(1, options).has_value());
  EXPECT_THAT(m_events, ElementsAre("added Pod ai/a 1"));
}

TEST_F(WatchTest, WhatIsKnownIsNotToldAgain) {
  m_list = {list({pod("a", 9)}, 5)};
  m_watch = {event("ADDED", pod("a", 8)) + event("MODIFIED", pod("a", 9)) +
             event("MODIFIED", pod("a", 10))};
  ASSERT_TRUE(watch(2).has_value());
  EXPECT_THAT(m_events, ElementsAre("added Pod ai/a 9", "modified Pod ai/a 10"));
}

TEST_F(WatchTest, RefusalsAreErrorsAtOnce) {
  m_list = {list({}, 5)};
  m_watch = {"forbidden"};
  const auto result = watch(1);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::forbidden);
  EXPECT_THAT(result.error().hint, HasSubstr("can-i watch pods -n ai"));
}

TEST_F(WatchTest, AServerThatWasNeverReachedIsAnErrorAtOnce) {
  m_list = {"broken"};
  const auto result = watch(1, {}, std::chrono::minutes(5));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::disconnected);
}

TEST_F(WatchTest, GarbageIsAnError) {
  m_list = {list({}, 5)};
  m_watch = {"<html>\n"};
  const auto result = watch(1);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::server);
}

TEST_F(WatchTest, EndsWhenTheTimeIsOver) {
  m_list = {list({}, 5)};
  m_fake
      .on(Method::get,
          "/api/v1/namespaces/ai/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5"
          "&timeoutSeconds=1")
      .stream({})
      .hold();
  const auto result = watch(1, {}, std::chrono::milliseconds(20));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::timed_out);
  m_fake.release();
}

TEST_F(WatchTest, InterruptionEndsTheWaitBetweenTwoStreams) {
  m_list = {list({}, 5)};
  m_watch = {""};
  m_outside.context.cancel.request();
  const auto result = watch(1);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
}

TEST_F(WatchTest, RunsOnTheCallersThread) {
  m_list = {list({pod("a", 1)}, 5)};
  m_client.emplace(m_access, m_outside.context, m_fake.handle());
  const auto here = std::this_thread::get_id();
  WatchOptions options;
  options.ns = "ai";
  ASSERT_TRUE(m_client
                  ->watch(*m_client->resource_type("v1", "Pod"), options, std::nullopt,
                          [&](WatchEvent&&) {
                            EXPECT_EQ(std::this_thread::get_id(), here);
                            return false;
                          })
                  .has_value());
}

// Writes down what it is told, among the events.
class Notes final : public WatchObserver {
 public:
  explicit Notes(std::vector<std::string>& notes) : m_notes(notes) {}
  void listing() override { m_notes.emplace_back("listing"); }
  bool listed() override {
    m_notes.emplace_back("listed");
    return m_stay;
  }
  void lost(const Error& error) override { m_notes.push_back("lost: " + error.message); }
  void regained() override { m_notes.emplace_back("regained"); }
  void leave() { m_stay = false; }

 private:
  std::vector<std::string>& m_notes;
  bool m_stay = true;
};

class ObservedWatchTest : public WatchTest {
 protected:
  Result<> observe(std::size_t count) {
    WatchOptions options;
    options.observer = &m_notes;
    return watch(count, options);
  }
  Notes m_notes{m_events};
};

TEST_F(ObservedWatchTest, ListsAreToldInFullWithTheirEnds) {
  m_list = {list({pod("a", 1), pod("b", 2)}, 5), list({pod("a", 1)}, 20)};
  m_watch = {k_gone, event("ADDED", pod("after", 21))};
  ASSERT_TRUE(observe(8).has_value());
  EXPECT_THAT(m_events,
              ElementsAre("listing", "added Pod ai/a 1", "added Pod ai/b 2", "listed", "listing",
                          "added Pod ai/a 1", "listed", "added Pod ai/after 21"));
}

TEST_F(ObservedWatchTest, MayEndAfterTheList) {
  m_list = {list({pod("a", 1)}, 5)};
  m_notes.leave();
  ASSERT_TRUE(observe(9).has_value());
  EXPECT_THAT(m_events, ElementsAre("listing", "added Pod ai/a 1", "listed"));
  EXPECT_EQ(m_urls.size(), 1U);
}

TEST_F(ObservedWatchTest, AStreamThatBreaksOnceIsNotLost) {
  m_list = {list({}, 5)};
  m_watch = {"broken", "", event("ADDED", pod("a", 6))};
  ASSERT_TRUE(observe(3).has_value());
  EXPECT_THAT(m_events, ElementsAre("listing", "listed", "added Pod ai/a 6"));
  // The first one after trouble is short: its end says that the server was there.
  EXPECT_THAT(m_urls.at(2), HasSubstr("timeoutSeconds=1"));
  EXPECT_THAT(m_urls.at(3), testing::Not(testing::EndsWith("timeoutSeconds=1")));
}

TEST_F(ObservedWatchTest, WhatCannotBeOpenedAgainIsLostUntilItEndsWell) {
  m_list = {list({}, 5)};
  m_watch = {"broken", "broken", event("ADDED", pod("a", 6)), event("ADDED", pod("b", 7))};
  ASSERT_TRUE(observe(6).has_value());
  EXPECT_THAT(m_events, ElementsAre("listing", "listed", testing::StartsWith("lost: "),
                                    "added Pod ai/a 6", "regained", "added Pod ai/b 7"));
}

TEST_F(ObservedWatchTest, AsksForMetadataAloneInPages) {
  m_list = {list({}, 5)};
  m_watch = {event("ADDED", R"({"kind":"PartialObjectMetadata","metadata":{"name":"a",)"
                            R"("namespace":"ai","resourceVersion":"6"}})")};
  WatchOptions options;
  options.observer = &m_notes;
  options.metadata_only = true;
  options.limit = 7;
  ASSERT_TRUE(watch(3, options).has_value());
  EXPECT_THAT(m_urls.at(0), HasSubstr("limit=7"));
  for (const http::Request& request : m_fake.requests()) {
    EXPECT_THAT(request.headers,
                testing::Contains(testing::Pair("Accept", HasSubstr("as=PartialObjectMetadata"))));
  }
  EXPECT_EQ(m_events.back(), "added Pod ai/a 6");
}

}  // namespace
}  // namespace kai::kube
