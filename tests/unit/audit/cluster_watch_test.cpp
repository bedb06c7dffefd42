#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/cluster_watch.hpp>

#include <algorithm>
#include <mutex>
#include <thread>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::audit {
namespace {

using http::Method;
using kai::test::FakeTransport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using FollowingState = Following::State;

std::string node(std::string_view name, int version, std::string_view labels = "") {
  return R"({"apiVersion":"v1","kind":"Node","metadata":{"name":")" + std::string(name) +
         R"(","resourceVersion":")" + std::to_string(version) + R"(","labels":{)" +
         std::string(labels) + R"(}},"status":{"capacity":{"nvidia.com/gpu":"4"}}})";
}

std::string event(std::string_view type, const std::string& object) {
  return R"({"type":")" + std::string(type) + R"(","object":)" + object + "}\n";
}

std::string list(const std::string& items, int version) {
  return R"({"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":")" +
         std::to_string(version) + R"("},"items":[)" + items + "]}";
}

// A server of which only the nodes matter; its answers are scripts, the last of which is
// given again and again.
class ClusterWatchTest : public testing::Test {
 protected:
  ClusterWatchTest() {
    m_access.server = "https://api";
    m_fake.on(Method::get, "/version")
        .reply(200, R"({"gitVersion":"v1.36.3","major":"1","minor":"36"})");
    m_fake.on(Method::get, "/api/v1/nodes")
        .compute([this](const http::Request& request) -> Result<http::Response> {
          const bool watching = request.url.find("watch=true") != std::string::npos;
          const std::scoped_lock lock(m_mutex);
          std::vector<std::string>& script = watching ? m_watch : m_list;
          const std::string body = script.front();
          if (script.size() > 1) script.erase(script.begin());
          if (body == "broken") return fail(ErrorCode::disconnected, "reset");
          if (body == "refused") return fail(ErrorCode::unreachable, "connection refused");
          if (body == "forbidden") return http::Response{403, {}, "{}"};
          if (!watching) return http::Response{200, {}, body};
          request.sink(body);
          return http::Response{200, {}, ""};
        });
    m_client.emplace(m_access, m_outside.context, m_fake.handle());
    for (const Rule* const rule : all_rules()) {
      if (rule->id == "gpu-node-unlabelled") m_rules.push_back(rule);
    }
  }
  ~ClusterWatchTest() override { m_outside.context.cancel.request(); }

  ClusterWatch& watch() {
    return m_watched.emplace(*m_client, m_outside.context, m_rules, ClusterWatchOptions{});
  }

  void say(std::vector<std::string> watches) {
    const std::scoped_lock lock(m_mutex);
    m_watch = std::move(watches);
  }

  template <class Condition>
  static void wait_until(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_TRUE(condition());
  }

  std::vector<std::string> names() {
    std::vector<std::string> list;
    const Evidence evidence = m_watched->evidence();
    for (const Node& each : evidence.facts.nodes) list.push_back(each.name().str());
    return list;
  }

  long lists() {
    const auto lines = m_fake.request_lines();
    return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("/nodes") != std::string::npos &&
             line.find("watch=true") == std::string::npos;
    });
  }

  [[nodiscard]] FollowingState state() const { return m_watched->following().front().state; }

  kai::test::Outside m_outside;
  FakeTransport m_fake;
  kube::ClusterAccess m_access;
  std::optional<kube::Client> m_client;
  std::vector<const Rule*> m_rules;
  std::mutex m_mutex;  // guards the scripts
  std::vector<std::string> m_list = {list(node("a", 1), 5)};
  std::vector<std::string> m_watch = {""};
  // The last, so that its threads end first.
  std::optional<ClusterWatch> m_watched;

  void TearDown() override {
    m_outside.context.cancel.request();
    m_watched.reset();
  }
};

TEST_F(ClusterWatchTest, ListsOnceAndFollowsFromThere) {
  ASSERT_TRUE(watch().list().has_value());
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(m_fake.request_lines().size(), 2U);  // nothing is watched before follow()
  const Evidence first = m_watched->evidence();
  EXPECT_TRUE(first.facts.complete.has(Kind::node));
  EXPECT_EQ(first.facts.server.to_string(), "1.36");

  say({event("ADDED", node("b", 6)) + event("MODIFIED", node("a", 7, R"("x":"y")")) +
           event("DELETED", node("b", 8)) + event("ADDED", node("c", 9)),
       ""});
  const auto before = m_watched->changes();
  m_watched->follow();
  wait_until([&] { return m_watched->changes() == before + 4; });
  EXPECT_THAT(names(), ElementsAre("a", "c"));
  EXPECT_TRUE(m_watched->evidence().facts.nodes.front().head.labels->has("x"));
  EXPECT_EQ(lists(), 1);
  EXPECT_EQ(state(), FollowingState::watched);
}

TEST_F(ClusterWatchTest, WhatSaysNothingNewIsNoChange) {
  ASSERT_TRUE(watch().list().has_value());
  say({event("MODIFIED", node("a", 6)), event("MODIFIED", node("a", 7, R"("x":"y")")), ""});
  const auto before = m_watched->changes();
  m_watched->follow();
  wait_until([&] { return m_watched->evidence().facts.nodes.front().head.labels->has("x"); });
  EXPECT_EQ(m_watched->changes(), before + 1);
}

TEST_F(ClusterWatchTest, WhatIsLostIsAGapAndKept) {
  ASSERT_TRUE(watch().list().has_value());
  say({"broken", "broken"});
  m_watched->follow();
  wait_until([&] { return state() == FollowingState::lost; });
  const Evidence evidence = m_watched->evidence();
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_FALSE(evidence.facts.complete.has(Kind::node));
  ASSERT_EQ(evidence.gaps.size(), 1U);
  EXPECT_THAT(evidence.gaps.front().reason, HasSubstr("reset"));

  say({event("DELETED", node("a", 6)), ""});
  wait_until([&] { return state() == FollowingState::watched; });
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(m_watched->evidence().gaps, IsEmpty());
  EXPECT_EQ(lists(), 1);
}

TEST_F(ClusterWatchTest, AnExpiredVersionListsAnew) {
  m_list = {list(node("a", 1) + "," + node("b", 2), 5),
            list(node("b", 2) + "," + node("c", 9), 20)};
  ASSERT_TRUE(watch().list().has_value());
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  say({event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})"), ""});
  m_watched->follow();
  wait_until([&] { return names() == std::vector<std::string>{"b", "c"}; });
  EXPECT_EQ(lists(), 2);
}

TEST_F(ClusterWatchTest, WhatMayNotBeWatchedIsListed) {
  ASSERT_TRUE(watch().list().has_value());
  say({"forbidden"});
  m_watched->follow();
  wait_until([&] { return state() == FollowingState::listed; });
  EXPECT_THAT(m_watched->evidence().gaps, IsEmpty());
  EXPECT_TRUE(m_watched->evidence().facts.complete.has(Kind::node));
}

TEST_F(ClusterWatchTest, WhatMayNotBeReadIsAGap) {
  m_list = {"forbidden"};
  ASSERT_TRUE(watch().list().has_value());  // it is an answer
  EXPECT_EQ(state(), FollowingState::unread);
  EXPECT_EQ(m_watched->evidence().gaps.size(), 1U);
}

TEST_F(ClusterWatchTest, AServerThatIsNotThereIsAnError) {
  m_list = {"refused"};
  const auto listed = watch().list();
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().code, ErrorCode::unreachable);
}

}  // namespace
}  // namespace kai::audit
