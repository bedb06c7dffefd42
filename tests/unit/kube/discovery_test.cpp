#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/client.hpp>

#include <sys/stat.h>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using http::Method;
using test::FakeTransport;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Pair;
using testing::SizeIs;

constexpr std::string_view k_core = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{},"versions":[{"version":"v1","freshness":"Current","resources":[
    {"resource":"pods","responseKind":{"kind":"Pod"},"scope":"Namespaced",
     "singularResource":"pod","verbs":["get","list"],"shortNames":["po"],
     "subresources":[{"subresource":"log","responseKind":{"kind":"Pod"}}]}]}]}]})";

std::string groups(std::string_view kinds) {
  return R"({"kind":"APIGroupDiscoveryList","items":[
    {"metadata":{"name":"velero.io"},"versions":[
      {"version":"v2","freshness":"Current","resources":[)" +
         std::string(kinds) + R"(]},
      {"version":"v1","freshness":"Current","resources":[
        {"resource":"backups","responseKind":{"kind":"Backup"},"scope":"Namespaced",
         "singularResource":"backup","verbs":["get"]},
        {"resource":"parents","scope":"Namespaced"}]}]},
    {"metadata":{"name":"metrics.k8s.io"},"versions":[
      {"version":"v1beta1","freshness":"Stale"}]}]})";
}

constexpr std::string_view k_backup = R"({"resource":"backups","responseKind":{"kind":"Backup"},
  "scope":"Namespaced","singularResource":"backup","verbs":["get","list"],"shortNames":["bk"]})";
constexpr std::string_view k_schedule = R"(,{"resource":"schedules","scope":"Cluster",
  "responseKind":{"kind":"Schedule"},"singularResource":"schedule","verbs":["get"]})";

class DiscoveryTest : public testing::Test {
 protected:
  DiscoveryTest() {
    m_access.server = "https://api.example.org:6443/k8s/clusters/c-1";
    m_access.cache_dir = (m_outside.directory() / "cache").string();
    // The file is as old as the test, so the clock must be too.
    m_outside.now = std::chrono::system_clock::now();
  }

  ~DiscoveryTest() override { EXPECT_THAT(m_fake.unexpected(), IsEmpty()); }

  FakeTransport::Rule on(const std::string& path) {
    return m_fake.on(Method::get, m_access.server + path);
  }

  void serve(std::string_view kinds) {
    on("/api").clear().reply(200, std::string(k_core));
    on("/apis").clear().reply(200, groups(kinds));
  }

  Client& client() {
    if (!m_client) m_client.emplace(m_access, m_outside.context, m_fake.handle());
    return *m_client;
  }
  // Another run of the program.
  Client& new_client() {
    m_client.reset();
    return client();
  }

  test::Outside m_outside;
  FakeTransport m_fake;
  ClusterAccess m_access;
  std::optional<Client> m_client;
};

TEST_F(DiscoveryTest, BuiltinKindsNeedNoRequest) {
  EXPECT_EQ(client().resource_type("v1", "Node")->path("", "n"), "/api/v1/nodes/n");
  EXPECT_EQ(client().resource_type("apps/v1", "DaemonSet")->path("ai", "d"),
            "/apis/apps/v1/namespaces/ai/daemonsets/d");
  const std::pair<std::string_view, std::string_view> k_words[] = {
      {"nodes", "nodes"},
      {"Node", "nodes"},
      {"no", "nodes"},
      {"deploy", "deployments.apps"},
      {"deployments.apps", "deployments.apps"},
      {"deployments.v1.apps", "deployments.apps"},
      {"Deployment.apps", "deployments.apps"},
      {"events", "events"},
      {"events.events.k8s.io", "events.events.k8s.io"},
      {"hpa", "horizontalpodautoscalers.autoscaling"},
      {"crd", "customresourcedefinitions.apiextensions.k8s.io"},
      {"netpol", "networkpolicies.networking.k8s.io"},
      {"pc", "priorityclasses.scheduling.k8s.io"}};
  for (const auto& [word, qualified] : k_words) {
    const auto type = client().find_resource(word);
    ASSERT_TRUE(type.has_value()) << word;
    EXPECT_EQ(type->qualified(), qualified) << word;
  }
  EXPECT_EQ(client().find_resource("hpa")->version, "v2");
  EXPECT_THAT(m_fake.requests(), IsEmpty());
}

TEST_F(DiscoveryTest, AggregatedDiscoveryTakesTwoRequests) {
  serve(k_backup);
  const auto all = client().all_resources();
  ASSERT_TRUE(all.has_value()) << all.error().to_string();
  std::vector<std::string> names;
  for (const ResourceType& type : *all) names.push_back(type.api_version() + " " + type.plural);
  EXPECT_THAT(names, ElementsAre("v1 pods", "velero.io/v2 backups", "velero.io/v1 backups"));
  EXPECT_TRUE(all->at(0).namespaced);
  EXPECT_THAT(all->at(0).short_names, ElementsAre("po"));
  EXPECT_TRUE(all->at(1).allows("list"));
  EXPECT_FALSE(all->at(2).allows("list"));
  EXPECT_THAT(client().catalog()->stale, SizeIs(1));
  EXPECT_THAT(m_fake.requests(), SizeIs(2));
  EXPECT_THAT(
      m_fake.requests().at(0).headers,
      Contains(Pair("Accept", testing::StartsWith("application/json;g=apidiscovery.k8s.io;v=v2;"
                                                  "as=APIGroupDiscoveryList,"))));
}

TEST_F(DiscoveryTest, WordsOfTheServer) {
  serve(std::string(k_backup) + std::string(k_schedule));
  EXPECT_EQ(client().find_resource("bk")->api_version(), "velero.io/v2");
  EXPECT_EQ(client().find_resource("backups.v1.velero.io")->api_version(), "velero.io/v1");
  EXPECT_FALSE(client().find_resource("Schedule")->namespaced);
  EXPECT_THAT(m_fake.requests(), SizeIs(2));
}

TEST_F(DiscoveryTest, TheCatalogIsKeptOnDiskForTheNextRun) {
  serve(k_backup);
  ASSERT_TRUE(client().resource_type("velero.io/v1", "Backup").has_value());
  ASSERT_TRUE(new_client().resource_type("velero.io/v1", "Backup").has_value());
  EXPECT_THAT(client().find_resource("bk")->short_names, ElementsAre("bk"));
  EXPECT_THAT(client().catalog()->stale, SizeIs(1));
  EXPECT_THAT(m_fake.requests(), SizeIs(2));

  const std::filesystem::path file =
      m_outside.directory() /
      "cache/kubectl-ai/discovery/api.example.org_6443_k8s_clusters_c-1.json";
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  ASSERT_EQ(stat(file.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0007, 0U);

  m_outside.now += std::chrono::hours(6) + std::chrono::minutes(1);
  ASSERT_TRUE(new_client().resource_type("velero.io/v1", "Backup").has_value());
  EXPECT_THAT(m_fake.requests(), SizeIs(4));
}

TEST_F(DiscoveryTest, AnotherServersOrABrokenFileIsNotUsed) {
  serve(k_backup);
  ASSERT_TRUE(client().resource_type("velero.io/v1", "Backup").has_value());
  const std::string file = "cache/kubectl-ai/discovery/api.example.org_6443_k8s_clusters_c-1.json";
  std::string text = m_outside.read(file);
  for (const std::string& content : {text.substr(0, text.size() / 2), std::string(),
                                     std::string("[]"), text.replace(text.find("c-1"), 3, "c_1")}) {
    m_outside.write(file, content);
    const std::size_t before = m_fake.requests().size();
    ASSERT_TRUE(new_client().resource_type("velero.io/v1", "Backup").has_value());
    EXPECT_THAT(m_fake.requests(), SizeIs(before + 2)) << content;
  }
}

TEST_F(DiscoveryTest, ACacheThatCannotBeWrittenDoesNoHarm) {
  m_access.cache_dir = m_outside.write("a-file", "") + "/cache";
  serve(k_backup);
  EXPECT_TRUE(client().resource_type("velero.io/v1", "Backup").has_value());
}

TEST_F(DiscoveryTest, WhatIsMissingInTheCacheIsAskedForOnce) {
  serve(k_backup);
  ASSERT_TRUE(client().resource_type("velero.io/v2", "Backup").has_value());
  serve(std::string(k_backup) + std::string(k_schedule));
  EXPECT_TRUE(new_client().resource_type("velero.io/v2", "Schedule").has_value());
  EXPECT_THAT(m_fake.requests(), SizeIs(4));
  // It was just asked: thirty missing kinds are no thirty refreshes.
  for (int i = 0; i < 30; ++i) {
    const auto missing = client().resource_type("velero.io/v2", "Kind" + std::to_string(i));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  }
  EXPECT_THAT(m_fake.requests(), SizeIs(4));
}

TEST_F(DiscoveryTest, WritingACustomResourceDefinitionForgets) {
  serve(k_backup);
  EXPECT_FALSE(client().resource_type("velero.io/v2", "Schedule").has_value());
  serve(std::string(k_backup) + std::string(k_schedule));
  m_fake
      .on(Method::patch, m_access.server +
                             "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                             "schedules.velero.io")
      .reply(200, "{}");
  const model::Resource crd(model::Json{{"apiVersion", "apiextensions.k8s.io/v1"},
                                        {"kind", "CustomResourceDefinition"},
                                        {"metadata", {{"name", "schedules.velero.io"}}}});
  ApplyOptions dry;
  dry.dry_run = DryRun::server;
  ASSERT_TRUE(client().apply(crd, dry).has_value());
  EXPECT_FALSE(client().resource_type("velero.io/v2", "Schedule").has_value());
  ASSERT_TRUE(client().apply(crd).has_value());
  EXPECT_TRUE(client().resource_type("velero.io/v2", "Schedule").has_value());
}

TEST_F(DiscoveryTest, MissingKindsAreExplained) {
  serve(k_backup);
  EXPECT_EQ(client().resource_type("velero.io/v3", "Backup").error().hint,
            "it is served in velero.io/v2");
  EXPECT_THAT(client().resource_type("metrics.k8s.io/v1beta1", "PodMetrics").error().message,
              HasSubstr("the API server behind metrics.k8s.io does not answer"));
  EXPECT_THAT(client().resource_type("example.org/v1", "Thing").error().hint,
              HasSubstr("CustomResourceDefinition"));
  const auto word = client().find_resource("backup5");
  EXPECT_EQ(word.error().code, ErrorCode::not_found);
  EXPECT_EQ(word.error().message, "the server has no resource type \"backup5\"");
  EXPECT_THAT(word.error().hint, HasSubstr("did you mean backup"));
}

TEST_F(DiscoveryTest, OldServersAreAskedGroupByGroup) {
  on("/api").reply(200, R"({"kind":"APIVersions","versions":["v1"]})");
  on("/apis").reply(200, R"({"kind":"APIGroupList","groups":[
    {"name":"velero.io","versions":[{"groupVersion":"velero.io/v1"},{"groupVersion":"velero.io/v2"}],
     "preferredVersion":{"groupVersion":"velero.io/v2"}},
    {"name":"dead.io","versions":[{"groupVersion":"dead.io/v1"}]}]})");
  on("/api/v1").reply(200, R"({"resources":[
    {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"]},
    {"name":"pods/log","singularName":"","namespaced":true,"kind":"Pod","verbs":["get"]}]})");
  on("/apis/velero.io/v1").reply(200, R"({"resources":[
    {"name":"backups","singularName":"backup","namespaced":true,"kind":"Backup","verbs":["get"]}]})");
  on("/apis/velero.io/v2").reply(200, R"({"resources":[
    {"name":"backups","singularName":"backup","namespaced":true,"kind":"Backup",
     "shortNames":["bk"],"verbs":["get"]}]})");
  on("/apis/dead.io/v1").reply(503, "dead", {{"Content-Type", "text/plain"}});
  const auto all = client().catalog();
  ASSERT_TRUE(all.has_value());
  std::vector<std::string> names;
  for (const ResourceType& type : all->resources) {
    names.push_back(type.api_version() + " " + type.plural);
  }
  EXPECT_THAT(names, ElementsAre("v1 pods", "velero.io/v2 backups", "velero.io/v1 backups"));
  ASSERT_THAT(all->stale, SizeIs(1));
  EXPECT_EQ(all->stale.at(0).group, "dead.io");
}

TEST_F(DiscoveryTest, RefusalIsAnError) {
  on("/api").reply(403, test::status_body(403, "Forbidden", "no"));
  on("/apis").reply(403, test::status_body(403, "Forbidden", "no"));
  const auto type = client().resource_type("velero.io/v1", "Backup");
  ASSERT_FALSE(type.has_value());
  EXPECT_EQ(type.error().code, ErrorCode::forbidden);
  EXPECT_THAT(type.error().doing, ElementsAre("asking the server what it serves at /api"));
}

}  // namespace
}  // namespace kai::kube
