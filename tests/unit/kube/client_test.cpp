#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/client.hpp>
#include <kai/kube/encoding.hpp>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using http::Method;
using model::Json;
using model::Resource;
using test::FakeTransport;
using test::status_body;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    m_access.context = "lab";
    m_access.cluster = "lab-cluster";
    m_access.server = "https://api.example.org:6443/prefix";
    m_access.user = "ada";
    m_access.token = "t0ken";
    m_access.ns = "team";
    m_access.cache_dir = (m_outside.directory() / "cache").string();
  }

  ~ClientTest() override { EXPECT_THAT(m_fake.unexpected(), IsEmpty()); }

  Client& client() {
    if (!m_client) m_client.emplace(m_access, m_outside.context, m_fake.handle());
    return *m_client;
  }

  ResourceType type(std::string_view word) {
    auto found = client().find_resource(word);
    EXPECT_TRUE(found.has_value());
    return found ? *found : ResourceType();
  }

  FakeTransport::Rule on(Method method, const std::string& path) {
    return m_fake.on(method, "https://api.example.org:6443/prefix" + path);
  }

  http::Request last_request() const { return m_fake.requests().back(); }

  static std::string header(const http::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "";
  }

  test::Outside m_outside;
  FakeTransport m_fake;
  ClusterAccess m_access;
  std::optional<Client> m_client;
};

TEST_F(ClientTest, GetSendsCredentialsAndIdentifiesItself) {
  on(Method::get, "/api/v1/nodes/gpu-a")
      .reply(200, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"gpu-a"}})");
  const auto node = client().get(type("nodes"), "", "gpu-a");
  ASSERT_TRUE(node.has_value()) << node.error().to_string();
  EXPECT_EQ(node->ref().to_string(), "Node gpu-a");
  EXPECT_EQ(header(last_request(), "Authorization"), "Bearer t0ken");
  EXPECT_THAT(header(last_request(), "User-Agent"),
              testing::MatchesRegex("kubectl-ai/[0-9.]+ \\(linux/[a-z0-9]+\\)"));
  EXPECT_EQ(header(last_request(), "Accept"), "application/json");
}

TEST_F(ClientTest, NamesInPathsAreEscaped) {
  on(Method::get, "/api/v1/namespaces/a%2Fb/pods/c%3Fd%20%23")
      .reply(200, R"({"kind":"Pod","metadata":{"name":"x"}})");
  EXPECT_TRUE(client().get(type("pods"), "a/b", "c?d #").has_value());
}

TEST_F(ClientTest, ClusterScopedKindsIgnoreTheNamespace) {
  on(Method::get, "/api/v1/nodes/gpu-a").reply(200, R"({"kind":"Node"})");
  EXPECT_TRUE(client().get(type("nodes"), "team", "gpu-a").has_value());
}

TEST_F(ClientTest, RequestTimeoutIsPassedOn) {
  m_access.request_timeout = std::chrono::seconds(7);
  on(Method::get, "/version").reply(200, R"({"gitVersion":"v1.36.3","major":"1","minor":"36+"})");
  const auto version = client().server_version();
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(version->git_version, "v1.36.3");
  EXPECT_EQ(version->major, 1);
  EXPECT_EQ(version->minor, 36);
  EXPECT_EQ(last_request().timeout, std::chrono::seconds(7));
}

TEST_F(ClientTest, MissingObjectIsNulloptButAMissingKindIsAnError) {
  on(Method::get, "/api/v1/nodes/gone")
      .reply(404, R"({"kind":"Status","reason":"NotFound","code":404,
                      "message":"nodes \"gone\" not found","details":{"name":"gone"}})");
  const auto missing = client().get_if_exists(type("nodes"), "", "gone");
  ASSERT_TRUE(missing.has_value());
  EXPECT_FALSE(missing->has_value());

  const ResourceType backup{"velero.io", "v1", "Backup", "backups", true};
  on(Method::get, "/apis/velero.io/v1/namespaces/velero/backups/b1")
      .reply(404, "404 page not found\n", {{"Content-Type", "text/plain"}});
  const auto unserved = client().get_if_exists(backup, "velero", "b1");
  ASSERT_FALSE(unserved.has_value());
  EXPECT_EQ(unserved.error().code, ErrorCode::not_found);
  EXPECT_EQ(unserved.error().message,
            "the server does not serve backups.velero.io in velero.io/v1");
}

TEST_F(ClientTest, ApplyIsAForcelessServerSideApplyThatMayBeRetried) {
  on(Method::patch, "/api/v1/namespaces/team/configmaps/settings")
      .reply(200, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"}})");
  const Resource object(
      Json{{"apiVersion", "v1"},
           {"kind", "ConfigMap"},
           {"metadata", {{"name", "settings"}, {"managedFields", Json::array()}}}});
  ASSERT_TRUE(client().apply(object).has_value());
  const http::Request request = last_request();
  EXPECT_THAT(request.url,
              HasSubstr("settings?fieldManager=kubectl-ai&fieldValidation=Strict&force=false"));
  EXPECT_THAT(request.url, testing::Not(HasSubstr("dryRun")));
  EXPECT_EQ(header(request, "Content-Type"), "application/apply-patch+yaml");
  EXPECT_TRUE(request.idempotent);
  EXPECT_EQ(Json::parse(request.body)["metadata"], (Json{{"name", "settings"}}));
}

TEST_F(ClientTest, ApplyOptionsReachTheServer) {
  on(Method::patch, "/api/v1/namespaces/other/configmaps/settings").reply(200, "{}");
  const Resource object(
      Json{{"apiVersion", "v1"},
           {"kind", "ConfigMap"},
           {"metadata", {{"name", "settings"}, {"namespace", "other"}, {"resourceVersion", "7"}}}});
  ApplyOptions options;
  options.dry_run = DryRun::server;
  options.force = Force::yes;
  options.field_manager = "me & you";
  ASSERT_TRUE(client().apply(object, options).has_value());
  EXPECT_THAT(last_request().url, HasSubstr("?fieldManager=me%20%26%20you&fieldValidation=Strict"
                                            "&force=true&dryRun=All"));
  // With a resourceVersion a second try would conflict with the first one's success.
  EXPECT_FALSE(last_request().idempotent);
}

TEST_F(ClientTest, ConflictNamesManagerAndField) {
  on(Method::patch, "/api/v1/nodes/gpu-a").reply(409, R"({
    "kind": "Status", "reason": "Conflict", "code": 409,
    "message": "Apply failed with 1 conflict: conflict with \"other\" using v1: .spec.taints",
    "details": {"causes": [{"reason": "FieldManagerConflict", "field": ".spec.taints",
                            "message": "conflict with \"other\" using v1"}]}})");
  const Resource object(
      Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", "gpu-a"}}}});
  const auto applied = client().apply(object);
  ASSERT_FALSE(applied.has_value());
  const Error& error = applied.error();
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_EQ(error.http_status, 409);
  EXPECT_THAT(error.causes, ElementsAre(Cause{"FieldManagerConflict", ".spec.taints",
                                              "conflict with \"other\" using v1"}));
  EXPECT_THAT(error.hint, HasSubstr("--force-conflicts"));
  EXPECT_THAT(error.doing, ElementsAre("applying Node gpu-a"));
}

TEST_F(ClientTest, ObjectsThatDoNotFitTheirSchemaAreTheCallersFault) {
  // As kube-apiserver 1.36 answers it.
  on(Method::patch, "/api/v1/namespaces/team/configmaps/x").reply(500, R"({
    "kind": "Status", "status": "Failure", "code": 500, "message":
    "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .dta: field not declared in schema"})");
  const Resource object(
      Json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "x"}}}});
  const auto applied = client().apply(object);
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code, ErrorCode::invalid_object);
  EXPECT_EQ(applied.error().message,
            "the object does not fit its kind: .dta: field not declared in schema");
}

TEST_F(ClientTest, PatchesAndSubresources) {
  on(Method::patch, "/api/v1/nodes/gpu-a").reply(200, "{}");
  on(Method::patch, "/api/v1/nodes/gpu-a/status").reply(200, "{}");
  const ResourceType nodes = type("nodes");
  ASSERT_TRUE(client().patch(nodes, "", "gpu-a", PatchType::json, Json::array({{{"op", "test"}}})));
  EXPECT_EQ(header(last_request(), "Content-Type"), "application/json-patch+json");
  EXPECT_EQ(last_request().body, R"([{"op":"test"}])");
  EXPECT_FALSE(last_request().idempotent);

  PatchOptions options;
  options.subresource = "status";
  options.dry_run = DryRun::server;
  ASSERT_TRUE(client().patch(nodes, "", "gpu-a", PatchType::merge, Json::object(), options));
  EXPECT_EQ(header(last_request(), "Content-Type"), "application/merge-patch+json");
  EXPECT_THAT(last_request().url, HasSubstr("/gpu-a/status?"));
  EXPECT_THAT(last_request().url, HasSubstr("dryRun=All"));
  EXPECT_FALSE(last_request().idempotent);

  ASSERT_TRUE(client().patch(nodes, "", "gpu-a", PatchType::apply, Json::object()));
  EXPECT_TRUE(last_request().idempotent);
}

TEST_F(ClientTest, CreateIsNeverRepeated) {
  on(Method::post, "/api/v1/namespaces").reply(201, R"({"metadata":{"name":"made-abc"}})");
  const Resource object(
      Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"generateName", "made-"}}}});
  const auto made = client().create(object);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->name(), "made-abc");
  EXPECT_FALSE(last_request().idempotent);
}

TEST_F(ClientTest, DeleteByUidMayBeRepeatedByNameMayNot) {
  on(Method::del, "/api/v1/namespaces/team/pods/p").reply(200, "{}");
  DeleteOptions options;
  options.uid = "u-1";
  options.propagation = Propagation::foreground;
  options.grace_period_seconds = 0;
  options.dry_run = DryRun::server;
  ASSERT_TRUE(*client().remove(type("pods"), "team", "p", options));
  EXPECT_TRUE(last_request().idempotent);
  EXPECT_EQ(Json::parse(last_request().body),
            Json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions","dryRun":["All"],
                            "gracePeriodSeconds":0,"preconditions":{"uid":"u-1"},
                            "propagationPolicy":"Foreground"})"));
  ASSERT_TRUE(*client().remove(type("pods"), "team", "p"));
  EXPECT_FALSE(last_request().idempotent);
}

TEST_F(ClientTest, DeleteSaysWhetherItExisted) {
  on(Method::del, "/api/v1/namespaces/team/pods/p").reply(404, status_body(404, "NotFound", "no"));
  EXPECT_FALSE(*client().remove(type("pods"), "team", "p"));
}

TEST_F(ClientTest, ForbiddenNamesThePermissionAndHowToCheckIt) {
  on(Method::get, "/api/v1/namespaces/team/secrets")
      .reply(403, status_body(403, "Forbidden",
                              "secrets is forbidden: User \"ada\" cannot list resource "
                              "\"secrets\" in API group \"\" in the namespace \"team\""));
  ListOptions options;
  options.ns = "team";
  const auto listed = client().list_all(type("secrets"), options);
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().code, ErrorCode::forbidden);
  EXPECT_THAT(listed.error().message, HasSubstr("cannot list resource \"secrets\""));
  EXPECT_THAT(listed.error().hint, HasSubstr("`kubectl auth can-i list secrets -n team`"));
  EXPECT_THAT(listed.error().doing, ElementsAre("listing secrets in namespace team"));
}

TEST_F(ClientTest, UnauthorizedNamesUserAndContext) {
  on(Method::get, "/api/v1/nodes/n").reply(401, status_body(401, "Unauthorized", "Unauthorized"));
  const auto node = client().get(type("nodes"), "", "n");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, ErrorCode::unauthorized);
  EXPECT_EQ(node.error().message,
            "the server did not accept the credentials of user \"ada\" (context \"lab\")");
  EXPECT_THAT(node.error().hint, HasSubstr("the token may have expired"));
  EXPECT_EQ(m_fake.requests().size(), 1U);  // a fixed token is not tried twice
}

TEST_F(ClientTest, ATokenOfTheCommandLineIsNotTheUsers) {
  m_access.token_from_flag = true;
  on(Method::get, "/api/v1/nodes/n").reply(401);
  EXPECT_EQ(client().get(type("nodes"), "", "n").error().message,
            "the server did not accept the token of --token (context \"lab\")");
}

TEST_F(ClientTest, AProxysErrorPageIsNotTakenForTheApiServers) {
  on(Method::get, "/api/v1/nodes/n")
      .reply(502, "<html>Bad Gateway</html>\nmore", {{"Content-Type", "text/html"}});
  const auto node = client().get(type("nodes"), "", "n");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, ErrorCode::server);
  EXPECT_EQ(node.error().message,
            "the answer is HTTP 502 and not from a Kubernetes API server: "
            "<html>Bad Gateway</html>");
  EXPECT_THAT(node.error().hint, HasSubstr("https://api.example.org:6443/prefix"));
}

TEST_F(ClientTest, ASuccessThatIsNoJsonIsAnError) {
  on(Method::get, "/api/v1/nodes/n").reply(200, "hello");
  const auto node = client().get(type("nodes"), "", "n");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, ErrorCode::server);
}

TEST_F(ClientTest, ConnectionErrorsNameServerAndContext) {
  on(Method::get, "/api/v1/nodes/n").fail(ErrorCode::unreachable, "connection refused");
  const auto node = client().get(type("nodes"), "", "n");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, ErrorCode::unreachable);
  EXPECT_EQ(node.error().to_string(),
            "https://api.example.org:6443/prefix (context \"lab\"): connection refused "
            "(while getting Node n)");
  EXPECT_THAT(node.error().hint, testing::Not(IsEmpty()));
}

TEST_F(ClientTest, WarningsAreShownOnceOrCollected) {
  on(Method::patch, "/api/v1/namespaces/ai")
      .reply(200, "{}",
             {{"Warning", R"(299 - "pod \"x\" would be rejected", 299 - "second")"},
              {"warning", R"(299 - "third")"},
              {"Warning", R"(199 - "somebody else's")"}});
  const Resource object(
      Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ai"}}}});
  ASSERT_TRUE(client().apply(object).has_value());
  ASSERT_TRUE(client().apply(object).has_value());
  EXPECT_THAT(m_outside.logged(0), ElementsAre("pod \"x\" would be rejected", "second", "third"));

  std::vector<std::string> warnings;
  ApplyOptions options;
  options.warnings = &warnings;
  ASSERT_TRUE(client().apply(object, options).has_value());
  EXPECT_THAT(warnings, ElementsAre("pod \"x\" would be rejected", "second", "third"));
  EXPECT_EQ(m_outside.logged(0).size(), 3U);
}

TEST_F(ClientTest, WarningsThatWereCollectedAreNotShownLater) {
  on(Method::patch, "/api/v1/namespaces/ai").reply(200, "{}", {{"Warning", R"(299 - "first")"}});
  const Resource object(
      Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ai"}}}});
  std::vector<std::string> warnings;
  ApplyOptions options;
  options.warnings = &warnings;
  ASSERT_TRUE(client().apply(object, options).has_value());
  ASSERT_TRUE(client().apply(object).has_value());
  EXPECT_THAT(warnings, ElementsAre("first"));
  EXPECT_THAT(m_outside.logged(0), IsEmpty());
}

TEST_F(ClientTest, ImpersonationHeadersAreEscaped) {
  m_access.impersonate_user = "grace";
  m_access.impersonate_uid = "7";
  m_access.impersonate_groups = {"a", "b"};
  m_access.impersonate_extra = {{"example.org/Rôle", {"x", "y"}}};
  on(Method::get, "/api/v1/nodes/n").reply(200, "{}");
  ASSERT_TRUE(client().get(type("nodes"), "", "n").has_value());
  EXPECT_THAT(
      last_request().headers,
      testing::IsSupersetOf({Pair("Impersonate-User", "grace"), Pair("Impersonate-Uid", "7"),
                             Pair("Impersonate-Group", "a"), Pair("Impersonate-Group", "b"),
                             Pair("Impersonate-Extra-example.org%2FR%C3%B4le", "x"),
                             Pair("Impersonate-Extra-example.org%2FR%C3%B4le", "y")}));
}

TEST_F(ClientTest, BasicAuthentication) {
  m_access.token.clear();
  m_access.username = "ada";
  m_access.password = "p:w";
  on(Method::get, "/api/v1/nodes/n").reply(200, "{}");
  ASSERT_TRUE(client().get(type("nodes"), "", "n").has_value());
  EXPECT_EQ(header(last_request(), "Authorization"), "Basic " + encode_base64("ada:p:w"));
}

}  // namespace
}  // namespace kai::kube
