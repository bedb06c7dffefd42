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

// A page of pods with the given names; `next` is its continue token.
std::string page(std::initializer_list<std::string_view> names, std::string_view next = {}) {
  std::string items;
  for (const std::string_view name : names) {
    items += (items.empty() ? "" : ",") + std::string(R"({"metadata":{"name":")") +
             std::string(name) + "\"}}";
  }
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":")" +
         std::string(next) + R"("},"items":[)" + items + "]}";
}

std::string expired(std::string_view fresh_token) {
  return R"({"kind":"Status","code":410,"reason":"Expired","message":"too old","metadata":{"continue":")" +
         std::string(fresh_token) + "\"}}";
}

class PageStreamTest : public testing::Test {
 protected:
  PageStreamTest() {
    m_access.server = "https://api";
    m_access.user = "ada";
  }

  ~PageStreamTest() override { EXPECT_THAT(m_fake.unexpected(), IsEmpty()); }

  Client& client() {
    if (!m_client) m_client.emplace(m_access, m_outside.context, m_fake.handle());
    return *m_client;
  }

  FakeTransport::Rule on_page(const std::string& token) {
    return m_fake.on(Method::get,
                     "/api/v1/pods?limit=2" + (token.empty() ? token : "&continue=" + token));
  }

  PageStream pods() {
    ListOptions options;
    options.limit = 2;
    return client().list_pages(*client().resource_type("v1", "Pod"), options);
  }

  static std::vector<std::string> names(const Page& page) {
    std::vector<std::string> all;
    const auto header = page.each([&](model::Json&& item) -> Result<> {
      all.push_back(item["kind"].get<std::string>() + "/" +
                    item["metadata"]["name"].get<std::string>());
      return {};
    });
    EXPECT_TRUE(header.has_value());
    return all;
  }

  // Everything that is left; the names, and "error" at the end if it ends so.
  static std::vector<std::string> drain(PageStream& stream) {
    std::vector<std::string> all;
    while (true) {
      auto next = stream.next();
      if (!next) all.push_back("error: " + next.error().message);
      if (!next || !*next) return all;
      for (std::string& name : names(**next)) all.push_back(std::move(name));
    }
  }

  test::Outside m_outside;
  FakeTransport m_fake;
  ClusterAccess m_access;
  std::optional<Client> m_client;
};

TEST_F(PageStreamTest, FollowsContinueTokens) {
  on_page("").reply(200, page({"a", "b"}, "t1"));
  on_page("t1").reply(200, page({"c", "d"}, "t2"));
  on_page("t2").reply(200, page({"e"}));
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "Pod/b", "Pod/c", "Pod/d", "Pod/e"));
  EXPECT_FALSE(stream.inconsistent());
  EXPECT_EQ(m_fake.requests().size(), 3U);
}

TEST_F(PageStreamTest, NextPageIsOnItsWayBeforeItIsAskedFor) {
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").reply(200, page({"b"})).hold();
  PageStream stream = pods();
  EXPECT_EQ(m_fake.requests().size(), 2U);
  EXPECT_THAT(names(**stream.next()), ElementsAre("Pod/a"));
  m_fake.release();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/b"));
}

TEST_F(PageStreamTest, NoMoreThanTwoPagesAreHeld) {
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").reply(200, page({"b"}, "t2"));
  on_page("t2").reply(200, page({"c"}, "t3"));
  on_page("t3").reply(200, page({"d"}));
  PageStream stream = pods();
  EXPECT_EQ(m_fake.requests().size(), 2U);
  EXPECT_THAT(names(**stream.next()), ElementsAre("Pod/a"));
  EXPECT_EQ(m_fake.requests().size(), 3U);
  EXPECT_THAT(drain(stream), ElementsAre("Pod/b", "Pod/c", "Pod/d"));
}

TEST_F(PageStreamTest, CustomResourcesHaveTheirMetadataBehindTheItems) {
  const ResourceType backup{"velero.io", "v1", "Backup", "backups", true};
  m_fake.on(Method::get, "/apis/velero.io/v1/backups?limit=500")
      .reply(200, R"({"apiVersion":"velero.io/v1","items":[{"metadata":{"name":"a"}}],
                      "kind":"BackupList","metadata":{"continue":"t1","resourceVersion":"9"}})");
  m_fake.on(Method::get, "/apis/velero.io/v1/backups?limit=500&continue=t1")
      .reply(200, R"({"apiVersion":"velero.io/v1","items":[{"metadata":{"name":"b"}}],
                      "kind":"BackupList","metadata":{"continue":"","resourceVersion":"9"}})");
  PageStream stream = client().list_pages(backup, {});
  EXPECT_THAT(drain(stream), ElementsAre("Backup/a", "Backup/b"));
}

TEST_F(PageStreamTest, AnExpiredTokenIsReplacedByTheServersFreshOne) {
  on_page("").reply(200, page({"a", "b"}, "t1"));
  on_page("t1").reply(410, expired("fresh"));
  on_page("fresh").reply(200, page({"c"}));
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "Pod/b", "Pod/c"));
  EXPECT_TRUE(stream.inconsistent());
}

TEST_F(PageStreamTest, ExpiredWithoutAFreshTokenIsAnErrorRatherThanDuplicates) {
  on_page("").reply(200, page({"a", "b"}, "t1"));
  on_page("t1").reply(410, expired(""));
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "Pod/b", "error: too old"));
}

TEST_F(PageStreamTest, AServerThatAlwaysExpiresIsGivenUp) {
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").reply(410, expired("t1"));
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "error: too old"));
  EXPECT_LE(m_fake.requests().size(), 10U);
}

TEST_F(PageStreamTest, ListAllBeginsAnewAllAtOnceWhenTokensExpire) {
  on_page("").reply(200, page({"a", "b"}, "t1"));
  on_page("t1").reply(410, expired(""));
  m_fake.on(Method::get, "/api/v1/pods").reply(200, page({"a", "b", "c"}));
  ListOptions options;
  options.limit = 2;
  const auto all = client().list_all(*client().resource_type("v1", "Pod"), options);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 3U);
}

TEST_F(PageStreamTest, ErrorsComeAfterThePagesBeforeThem) {
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").fail(ErrorCode::timed_out, "stalled");
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "error: stalled"));
}

TEST_F(PageStreamTest, ABrokenPageFailsWhereItIsRead) {
  on_page("").reply(200, R"({"kind":"PodList","items":[{"metadata":)");
  PageStream stream = pods();
  const auto page = stream.next();
  ASSERT_TRUE(page.has_value() && page->has_value());
  EXPECT_FALSE((*page)->each([](model::Json&&) -> Result<> { return {}; }).has_value());
  EXPECT_FALSE(stream.next()->has_value());
}

TEST_F(PageStreamTest, SelectorsGoWithEveryPage) {
  m_fake
      .on(Method::get,
          "/api/v1/namespaces/ai/pods?labelSelector=app%20in%20%28a%2Cb%29"
          "&fieldSelector=spec.nodeName%3Dn1&limit=500")
      .reply(200, page({"a"}, "t1"));
  m_fake
      .on(Method::get,
          "/api/v1/namespaces/ai/pods?labelSelector=app%20in%20%28a%2Cb%29"
          "&fieldSelector=spec.nodeName%3Dn1&limit=500&continue=t1")
      .reply(200, page({"b"}));
  ListOptions options;
  options.ns = "ai";
  options.label_selector = "app in (a,b)";
  options.field_selector = "spec.nodeName=n1";
  EXPECT_EQ(client().list_all(*client().resource_type("v1", "Pod"), options)->size(), 2U);
}

TEST_F(PageStreamTest, SecretsAreOnlyEverListedAsMetadata) {
  m_fake.on(Method::get, "/api/v1/secrets?limit=500")
      .reply(200, R"({"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1",
                      "metadata":{},"items":[{"kind":"PartialObjectMetadata",
                      "apiVersion":"meta.k8s.io/v1","metadata":{"name":"s"}}]})");
  const auto secrets = client().list_all(*client().resource_type("v1", "Secret"), {});
  ASSERT_TRUE(secrets.has_value());
  EXPECT_EQ(secrets->at(0).ref().to_string(), "Secret s");
  EXPECT_EQ(secrets->at(0).api_version(), "v1");
  EXPECT_THAT(m_fake.requests().at(0).headers,
              testing::Contains(testing::Pair(
                  "Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")));
}

TEST_F(PageStreamTest, AStreamThatIsDroppedEndsQuietly) {
  on_page("").reply(200, page({"a"}, "t1")).hold();
  { const PageStream stream = pods(); }
  m_fake.release();
  EXPECT_EQ(m_fake.requests().size(), 1U);
}

TEST_F(PageStreamTest, AClientThatGoesFirstEndsTheRequests) {
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").reply(200, page({"b"}, "t2")).hold();
  PageStream stream = pods();
  m_client.reset();
  m_fake.release();
  EXPECT_EQ(m_fake.requests().size(), 2U);
}

TEST_F(PageStreamTest, PagesThatAreRefusedAreAskedForAgainWithNewCredentials) {
  m_access.token_file = m_outside.write("token", "old\n");
  on_page("").reply(200, page({"a"}, "t1"));
  on_page("t1").compute([&](const http::Request& request) -> Result<http::Response> {
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization" && value == "Bearer new")
        return http::Response{200, {}, page({"b"})};
    }
    m_outside.write("token", "new\n");
    return http::Response{401, {}, ""};
  });
  PageStream stream = pods();
  EXPECT_THAT(drain(stream), ElementsAre("Pod/a", "Pod/b"));
}

TEST_F(PageStreamTest, ListHandsOverEachItemOnceAndStopsAtAnError) {
  on_page("").reply(200, page({"a", "b"}, "t1"));
  on_page("t1").reply(200, page({"c"}));
  ListOptions options;
  options.limit = 2;
  std::vector<std::string> seen;
  const auto listed = client().list(*client().resource_type("v1", "Pod"), options,
                                    [&](model::Resource&& pod) -> Result<> {
                                      seen.emplace_back(pod.name());
                                      if (pod.name() == "b")
                                        return fail(ErrorCode::internal, "enough");
                                      return {};
                                    });
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().message, "enough");
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace kai::kube
