// The kube layer against a real API server: what no scripted transport can promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/http/curl_transport.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/certificates.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using model::Json;
using model::Resource;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class KubeClusterTest : public testing::Test {
 protected:
  KubeClusterTest() {
    const char* kubeconfig = std::getenv("KUBECONFIG");
    if (kubeconfig == nullptr) throw std::runtime_error("KUBECONFIG is not set");
    m_state = std::filesystem::path(kubeconfig).parent_path();
    m_outside.env["KUBECONFIG"] = kubeconfig;
    m_outside.env["HOME"] = m_outside.directory().string();
    m_outside.now = std::chrono::system_clock::now();
    m_flags.request_timeout = std::chrono::seconds(60);
  }

  ~KubeClusterTest() override {
    if (m_namespace.empty()) return;
    DeleteOptions now;
    now.grace_period_seconds = 0;
    EXPECT_TRUE(admin().remove(type("namespaces"), "", m_namespace, now).has_value());
  }

  ClusterAccess access(const std::string& context = "admin") {
    m_flags.context = context;
    auto resolved = resolve_access(m_flags, m_outside.context);
    if (!resolved) throw std::runtime_error(resolved.error().to_string());
    return *std::move(resolved);
  }

  std::unique_ptr<Client> connect(ClusterAccess with) {
    auto client = Client::connect(std::move(with), m_outside.context);
    if (!client) throw std::runtime_error(client.error().to_string());
    return *std::move(client);
  }

  Client& admin() {
    if (!m_admin) m_admin = connect(access());
    return *m_admin;
  }

  ResourceType type(std::string_view word) { return *admin().find_resource(word); }

  // A namespace of this test's own.
  const std::string& ns() {
    if (m_namespace.empty()) {
      const auto made = admin().create(Resource(Json{
          {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"generateName", "kube-"}}}}));
      if (!made) throw std::runtime_error(made.error().to_string());
      m_namespace = made->name();
    }
    return m_namespace;
  }

  Resource config_map(const std::string& name, const Json& data) {
    return Resource(Json{{"apiVersion", "v1"},
                         {"kind", "ConfigMap"},
                         {"metadata", {{"name", name}, {"namespace", ns()}}},
                         {"data", data}});
  }

  // Forgets the history of etcd, so that what was begun before has expired.
  void compact() {
    const std::string log = slurp(m_state / "logs/etcd.log");
    const auto at = log.find("http://127.0.0.1:", log.find("advertise-client-urls"));
    ASSERT_NE(at, std::string::npos);
    const std::string etcd = log.substr(at, log.find('"', at) - at);
    http::CurlTransport transport({}, m_outside.context.cancel, m_outside.context.log);
    const auto post = [&](const std::string& path, const Json& body) {
      http::Request request;
      request.method = http::Method::post;
      request.url = etcd + path;
      request.body = body.dump();
      const auto response = http::send(transport, request);
      return response ? Json::parse(response->body) : Json();
    };
    const Json range = post("/v3/kv/range", {{"key", "YQ=="}});
    const Json done = post("/v3/kv/compaction", {{"revision", range.at("header").at("revision")}});
    ASSERT_TRUE(done.contains("header")) << done.dump();
  }

  test::Outside m_outside;
  std::filesystem::path m_state;
  ConnectionFlags m_flags;
  std::unique_ptr<Client> m_admin;
  std::string m_namespace;
};

TEST_F(KubeClusterTest, VersionAndConnectionReuse) {
  const auto version = admin().server_version();
  ASSERT_TRUE(version.has_value()) << version.error().to_string();
  EXPECT_EQ(version->major, 1);
  EXPECT_GE(version->minor, 30);
  EXPECT_EQ(admin().requests_sent(), 1);
}

TEST_F(KubeClusterTest, PagesHoldEveryObjectOnce) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(admin().apply(config_map(name, {{"k", name}})).has_value());
  }
  ListOptions options;
  options.ns = ns();
  options.limit = 2;
  PageStream pages = admin().list_pages(type("cm"), options);
  std::vector<std::string> names;
  std::size_t count = 0;
  while (true) {
    auto page = pages.next();
    ASSERT_TRUE(page.has_value()) << page.error().to_string();
    if (!*page) break;
    ++count;
    const auto header = (*page)->each([&](Json&& item) -> Result<> {
      const Resource object(std::move(item));
      EXPECT_EQ(object.api_version(), "v1");
      EXPECT_EQ(object.kind(), "ConfigMap");
      if (object.name() != "kube-root-ca.crt") names.emplace_back(object.name());
      return {};
    });
    ASSERT_TRUE(header.has_value());
  }
  EXPECT_GE(count, 3U);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_FALSE(pages.inconsistent());

  options.field_selector = "metadata.name=c";
  EXPECT_THAT(*admin().list_all(type("cm"), options), SizeIs(1));
}

TEST_F(KubeClusterTest, AnExpiredListGoesOnWhereItWas) {
  // Events are kept out of the server's own cache, so a compacted revision is gone.
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    ASSERT_TRUE(admin()
                    .create(Resource(Json{{"apiVersion", "v1"},
                                          {"kind", "Event"},
                                          {"metadata", {{"name", name}, {"namespace", ns()}}},
                                          {"involvedObject", {{"namespace", ns()}}}}))
                    .has_value());
  }
  ListOptions options;
  options.ns = ns();
  options.limit = 1;
  PageStream pages = admin().list_pages(type("events"), options);
  std::vector<std::string> names;
  while (true) {
    auto page = pages.next();
    ASSERT_TRUE(page.has_value()) << page.error().to_string();
    if (!*page) break;
    ASSERT_TRUE((*page)->each([&](Json&& item) -> Result<> {
      names.push_back(item["metadata"]["name"]);
      return {};
    }));
    if (names.size() == 1) {
      ASSERT_TRUE(admin().apply(config_map("later", {})).has_value());
      compact();
    }
  }
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_TRUE(pages.inconsistent());
}

TEST_F(KubeClusterTest, AnExpiredWatchListsAgain) {
  ASSERT_TRUE(admin().apply(config_map("a", {})).has_value());
  compact();
  WatchOptions options;
  options.ns = ns();
  options.resource_version = "1";
  // Events are never served from a cache, so revision 1 has expired for them.
  ASSERT_TRUE(admin()
                  .create(Resource(Json{{"apiVersion", "v1"},
                                        {"kind", "Event"},
                                        {"metadata", {{"name", "e"}, {"namespace", ns()}}},
                                        {"involvedObject", {{"namespace", ns()}}}}))
                  .has_value());
  std::string seen;
  const auto watched =
      admin().watch(type("events"), options, std::chrono::seconds(30), [&](WatchEvent&& event) {
        seen = event.object.name();
        return false;
      });
  ASSERT_TRUE(watched.has_value()) << watched.error().to_string();
  EXPECT_EQ(seen, "e");
}

TEST_F(KubeClusterTest, ApplyConflictsNameManagerAndFieldAndForceTakesOver) {
  ApplyOptions theirs;
  theirs.field_manager = "somebody-else";
  ASSERT_TRUE(admin().apply(config_map("shared", {{"a", "1"}, {"b", "1"}}), theirs).has_value());

  const auto conflict = admin().apply(config_map("shared", {{"a", "2"}}));
  ASSERT_FALSE(conflict.has_value());
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict);
  EXPECT_THAT(conflict.error().causes,
              ElementsAre(AllOf(Field(&Cause::reason, "FieldManagerConflict"),
                                Field(&Cause::field, ".data.a"),
                                Field(&Cause::message, HasSubstr("somebody-else")))));

  ApplyOptions force;
  force.force = Force::yes;
  const auto forced = admin().apply(config_map("shared", {{"a", "2"}}), force);
  ASSERT_TRUE(forced.has_value()) << forced.error().to_string();
  EXPECT_EQ(forced->json()["data"], (Json{{"a", "2"}, {"b", "1"}}));

  const std::string version(forced->resource_version());
  EXPECT_EQ(admin().apply(config_map("shared", {{"a", "2"}}))->resource_version(), version);
}

TEST_F(KubeClusterTest, DryRunLeavesNothing) {
  ApplyOptions dry;
  dry.dry_run = DryRun::server;
  const auto applied = admin().apply(config_map("ghost", {}), dry);
  ASSERT_TRUE(applied.has_value());
  EXPECT_FALSE(applied->uid().empty());
  EXPECT_FALSE(admin().get_if_exists(type("cm"), ns(), "ghost")->has_value());
}

TEST_F(KubeClusterTest, UnknownFieldsAreRejected) {
  Resource object = config_map("typo", {});
  object.json()["dta"] = Json::object();
  const auto applied = admin().apply(object);
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code, ErrorCode::invalid_object);
  EXPECT_THAT(applied.error().message, HasSubstr("dta"));
}

TEST_F(KubeClusterTest, Patches) {
  ASSERT_TRUE(admin().apply(config_map("p", {{"a", "1"}})).has_value());
  const ResourceType maps = type("cm");
  const auto merged = admin().patch(maps, ns(), "p", PatchType::merge, {{"data", {{"b", "2"}}}});
  ASSERT_TRUE(merged.has_value()) << merged.error().to_string();
  EXPECT_EQ(merged->json()["data"]["b"], "2");
  const Json failing = Json::parse(R"([{"op":"test","path":"/data/a","value":"other"},
                                       {"op":"remove","path":"/data/a"}])");
  const auto refused = admin().patch(maps, ns(), "p", PatchType::json, failing);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_object);
  const Json stale = {{"metadata", {{"resourceVersion", "1"}}}, {"data", {{"c", "3"}}}};
  EXPECT_EQ(admin().patch(maps, ns(), "p", PatchType::merge, stale).error().code,
            ErrorCode::conflict);
}

TEST_F(KubeClusterTest, StatusIsPatchedApart) {
  const std::string name = ns();  // unique
  ASSERT_TRUE(admin().create(
      Resource(Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}})));
  PatchOptions status;
  status.subresource = "status";
  const auto node = admin().patch(type("nodes"), "", name, PatchType::merge,
                                  {{"status", {{"capacity", {{"nvidia.com/gpu", "8"}}}}}}, status);
  ASSERT_TRUE(node.has_value()) << node.error().to_string();
  EXPECT_EQ(node->json()["status"]["capacity"]["nvidia.com/gpu"], "8");
  EXPECT_TRUE(*admin().remove(type("nodes"), "", name));
}

TEST_F(KubeClusterTest, DeletionByUid) {
  const auto made = admin().apply(config_map("d", {}));
  ASSERT_TRUE(made.has_value());
  DeleteOptions wrong;
  wrong.uid = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(admin().remove(type("cm"), ns(), "d", wrong).error().code, ErrorCode::conflict);
  DeleteOptions right;
  right.uid = made->uid();
  EXPECT_TRUE(*admin().remove(type("cm"), ns(), "d", right));
  EXPECT_FALSE(*admin().remove(type("cm"), ns(), "d", right));
}

TEST_F(KubeClusterTest, WatchSeesEveryChange) {
  ASSERT_TRUE(admin().apply(config_map("w", {{"a", "1"}})).has_value());
  WatchOptions options;
  options.ns = ns();
  options.field_selector = "metadata.name=w";
  std::vector<WatchEvent::Type> seen;
  const auto watched =
      admin().watch(type("cm"), options, std::chrono::seconds(60), [&](WatchEvent&& event) {
        if (event.type == WatchEvent::Type::bookmark) return true;
        seen.push_back(event.type);
        EXPECT_EQ(event.object.ref().to_string(), "ConfigMap " + ns() + "/w");
        // Each event brings about the next one.
        switch (event.type) {
          case WatchEvent::Type::added:
            EXPECT_TRUE(admin().apply(config_map("w", {{"a", "2"}})).has_value());
            return true;
          case WatchEvent::Type::modified:
            EXPECT_TRUE(*admin().remove(type("cm"), ns(), "w"));
            return true;
          default: return false;
        }
      });
  ASSERT_TRUE(watched.has_value()) << watched.error().to_string();
  EXPECT_THAT(seen, ElementsAre(WatchEvent::Type::added, WatchEvent::Type::modified,
                                WatchEvent::Type::deleted));
}

TEST_F(KubeClusterTest, WatchEndsInTime) {
  WatchOptions options;
  options.ns = ns();
  options.label_selector = "nothing=here";
  const auto watched = admin().watch(type("cm"), options, std::chrono::milliseconds(300),
                                     [](WatchEvent&&) { return true; });
  ASSERT_FALSE(watched.has_value());
  EXPECT_EQ(watched.error().code, ErrorCode::timed_out);
}

TEST_F(KubeClusterTest, AFollowedLogThatBreaksOffLosesAndRepeatsNothing) {
  // A node that the simulated kubelet looks after; its logs break off after seven lines.
  const std::string node = ns();
  ASSERT_TRUE(admin().create(Resource(Json{
      {"apiVersion", "v1"},
      {"kind", "Node"},
      {"metadata", {{"name", node}, {"annotations", {{"kubectl-ai.test/simulated", "true"}}}}}})));
  PatchOptions status;
  status.subresource = "status";
  const Json ready = Json::parse(R"({"status":{"conditions":[{"type":"Ready","status":"True"}],
      "allocatable":{"cpu":"8","memory":"8Gi","pods":"10"},
      "capacity":{"cpu":"8","memory":"8Gi","pods":"10"}}})");
  ASSERT_TRUE(admin().patch(type("nodes"), "", node, PatchType::merge, ready, status));
  Json annotations = {{"kubectl-ai.test/outcome", "run"}, {"kubectl-ai.test/log-break", "7"}};
  const Json spec = {{"nodeName", node},
                     {"restartPolicy", "Never"},
                     {"tolerations", {{{"operator", "Exists"}}}},
                     {"containers", {{{"name", "main"}, {"image", "i"}}}}};
  std::string expected;
  const auto say = [&](int lines) {
    for (int i = 0; i < lines; ++i) expected += "line " + std::to_string(expected.size()) + "\n";
    annotations["kubectl-ai.test/log"] = expected;
  };
  const auto annotate = [&] {
    return admin()
        .patch(type("pods"), ns(), "p", PatchType::merge,
               {{"metadata", {{"annotations", annotations}}}})
        .has_value();
  };
  say(10);
  ASSERT_TRUE(admin().create(Resource(
      Json{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", "p"}, {"namespace", ns()}, {"annotations", annotations}}},
           {"spec", spec}})));
  WatchOptions pod;
  pod.ns = ns();
  pod.field_selector = "metadata.name=p";
  ASSERT_TRUE(admin().watch(type("pods"), pod, std::chrono::seconds(60), [&](WatchEvent&& event) {
    return model::string_at(event.object.json(), {"status", "phase"}) != "Running";
  }));

  LogOptions follow;
  follow.follow = true;
  follow.container = "main";
  std::string text;
  int grown = 0;
  const auto followed = admin().logs(ns(), "p", follow, [&](std::string_view line) {
    text += line;
    if (text != expected) return true;
    // All of it was read: there is more, twice, and then the container ends.
    if (++grown <= 2) {
      say(9);
    } else {
      annotations["kubectl-ai.test/outcome"] = "exit=0";
    }
    EXPECT_TRUE(annotate());
    return true;
  });
  EXPECT_TRUE(followed.has_value()) << followed.error().to_string();
  EXPECT_EQ(text, expected);
  EXPECT_EQ(grown, 3);

  LogOptions tail;
  tail.tail_lines = 2;
  text.clear();
  ASSERT_TRUE(admin().logs(ns(), "p", tail, [&](std::string_view line) {
    text += line;
    return true;
  }));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_TRUE(expected.ends_with(text));
  EXPECT_TRUE(*admin().remove(type("nodes"), "", node));
}

TEST_F(KubeClusterTest, ForbiddenAndUnauthorized) {
  const auto viewer = connect(access("viewer"));
  const auto secrets = viewer->list_all(type("secrets"), {});
  ASSERT_FALSE(secrets.has_value());
  EXPECT_EQ(secrets.error().code, ErrorCode::forbidden);
  EXPECT_THAT(secrets.error().message, HasSubstr("cannot list resource \"secrets\""));
  EXPECT_THAT(secrets.error().hint, HasSubstr("kubectl auth can-i list secrets -A"));
  EXPECT_TRUE(viewer->list_all(type("nodes"), {}).has_value());

  ClusterAccess wrong = access();
  wrong.token = "wrong";
  const auto refused = connect(wrong)->server_version();
  // /version may be open to everybody; nodes are not.
  const auto nodes = connect(wrong)->list_all(type("nodes"), {});
  ASSERT_FALSE(nodes.has_value());
  EXPECT_EQ(nodes.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(nodes.error().message, HasSubstr("user \"admin\" (context \"admin\")"));
}

TEST_F(KubeClusterTest, ImpersonationIsTheServersBusiness) {
  m_flags.as = "nobody-in-particular";
  const auto listed = connect(access())->list_all(type("nodes"), {});
  ASSERT_FALSE(listed.has_value());
  EXPECT_THAT(listed.error().message, HasSubstr("User \"nobody-in-particular\" cannot list"));
}

TEST_F(KubeClusterTest, ClientCertificates) {
  EXPECT_TRUE(connect(access("admin-cert"))->list_all(type("nodes"), {}).has_value());

  ClusterAccess expired = access("admin-cert");
  const test::Certificate authority{slurp(m_state / "pki/ca.crt"), slurp(m_state / "pki/ca.key")};
  const auto made = test::make_certificate("ada", m_outside.now - std::chrono::days(9),
                                           m_outside.now - std::chrono::days(2), authority);
  expired.certificate_pem = made.certificate_pem;
  expired.key_pem = made.key_pem;
  const auto refused = connect(expired)->list_all(type("nodes"), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(refused.error().message,
              HasSubstr("the client certificate of user \"admin-cert\" expired on "));
}

TEST_F(KubeClusterTest, ServersThatAreNotTrustedOrNotThere) {
  ClusterAccess untrusted = access();
  untrusted.ca_pem = test::make_certificate("other CA", m_outside.now - std::chrono::days(1),
                                            m_outside.now + std::chrono::days(1))
                         .certificate_pem;
  const auto distrusted = connect(untrusted)->server_version();
  ASSERT_FALSE(distrusted.has_value());
  EXPECT_EQ(distrusted.error().code, ErrorCode::untrusted);
  EXPECT_THAT(distrusted.error().message, HasSubstr(untrusted.server));

  ClusterAccess absent = access();
  absent.server = "https://127.0.0.1:1";
  const auto refused = connect(absent)->server_version();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unreachable);
  EXPECT_THAT(refused.error().message, HasSubstr("https://127.0.0.1:1"));
  EXPECT_THAT(refused.error().message, HasSubstr("context \"admin\""));
}

TEST_F(KubeClusterTest, CredentialPluginsAreAskedAgainWhenTheServerRefuses) {
  ClusterAccess plugin = access();
  // The first token is refused, the second is the administrator's.
  plugin.exec.emplace();
  plugin.exec->api_version = "client.authentication.k8s.io/v1";
  plugin.exec->interactive_mode = "Never";
  plugin.exec->command = m_outside.write_program(
      "plugin",
      "#!/bin/sh\ntoken=stale\n[ -e \"$0.ran\" ] && token=" + plugin.token +
          "\ntouch \"$0.ran\"\nprintf '{\"apiVersion\":\"client.authentication.k8s.io/v1\","
          "\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' $token\n");
  plugin.token.clear();
  const auto client = connect(plugin);
  const auto nodes = client->list_all(type("nodes"), {});
  ASSERT_TRUE(nodes.has_value()) << nodes.error().to_string();
  EXPECT_TRUE(client->server_version().has_value());
}

TEST_F(KubeClusterTest, CredentialPluginsMayGiveCertificates) {
  ClusterAccess plugin = access("admin-cert");
  const Json credential{
      {"apiVersion", "client.authentication.k8s.io/v1"},
      {"kind", "ExecCredential"},
      {"status",
       {{"clientCertificateData", plugin.certificate_pem}, {"clientKeyData", plugin.key_pem}}}};
  const std::string file = m_outside.write("credential.json", credential.dump());
  plugin.certificate_pem.clear();
  plugin.key_pem.clear();
  plugin.exec.emplace();
  plugin.exec->api_version = "client.authentication.k8s.io/v1";
  plugin.exec->interactive_mode = "Never";
  plugin.exec->command = "cat";
  plugin.exec->args = {file};
  const auto nodes = connect(plugin)->list_all(type("nodes"), {});
  ASSERT_TRUE(nodes.has_value()) << nodes.error().to_string();
}

TEST_F(KubeClusterTest, WarningsOfTheServerAreCollected) {
  const Resource pod(
      Json{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", "root"}, {"namespace", ns()}}},
           {"spec",
            {{"containers",
              {{{"name", "c"}, {"image", "i"}, {"securityContext", {{"privileged", true}}}}}}}}});
  ASSERT_TRUE(admin().apply(pod).has_value());
  const Resource labelled(
      Json{{"apiVersion", "v1"},
           {"kind", "Namespace"},
           {"metadata",
            {{"name", ns()}, {"labels", {{"pod-security.kubernetes.io/enforce", "baseline"}}}}}});
  std::vector<std::string> warnings;
  ApplyOptions options;
  options.dry_run = DryRun::server;
  options.warnings = &warnings;
  const auto applied = admin().apply(labelled, options);
  ASSERT_TRUE(applied.has_value()) << applied.error().to_string();
  EXPECT_THAT(warnings, Contains(HasSubstr("root: privileged")));
}

TEST_F(KubeClusterTest, AFreshCustomResourceIsFoundAndListed) {
  const std::string group = ns() + ".example.org";
  const Resource definition(Json::parse(
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
          "metadata":{"name":"widgets.)" +
      group + R"("},"spec":{"group":")" + group +
      R"(","scope":"Namespaced",
          "names":{"plural":"widgets","singular":"widget","kind":"Widget","shortNames":["wd"]},
          "versions":[{"name":"v1","served":true,"storage":true,
            "schema":{"openAPIV3Schema":{"type":"object",
              "x-kubernetes-preserve-unknown-fields":true}}}]}})"));
  EXPECT_FALSE(admin().resource_type(group + "/v1", "Widget").has_value());
  ASSERT_TRUE(admin().apply(definition).has_value());
  // Discovery follows the definition within moments; each watch event is a reason to look.
  WatchOptions established;
  established.field_selector = "metadata.name=widgets." + group;
  ASSERT_TRUE(
      admin().watch(type("crd"), established, std::chrono::seconds(60), [&](WatchEvent&& event) {
        return event.object.json().dump().find("\"Established\"") == std::string::npos;
      }));
  Result<ResourceType> widget = fail(ErrorCode::not_found, "not looked for yet");
  for (int i = 0; i < 100 && !widget; ++i) {
    admin().forget_discovery();
    widget = admin().resource_type(group + "/v1", "Widget");
    if (!widget) (void)m_outside.context.cancel.wait_for(std::chrono::milliseconds(100));
  }
  ASSERT_TRUE(widget.has_value()) << widget.error().to_string();
  EXPECT_EQ(widget->plural, "widgets");
  EXPECT_EQ(admin().find_resource("wd." + group)->kind, "Widget");

  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(admin().apply(Resource(Json{{"apiVersion", group + "/v1"},
                                            {"kind", "Widget"},
                                            {"metadata", {{"name", name}, {"namespace", ns()}}}})));
  }
  ListOptions options;
  options.limit = 1;
  const auto widgets = admin().list_all(*widget, options);
  ASSERT_TRUE(widgets.has_value()) << widgets.error().to_string();
  ASSERT_THAT(*widgets, SizeIs(3));
  EXPECT_EQ(widgets->at(2).ref().to_string(), "Widget " + ns() + "/c");

  options.metadata_only = true;
  EXPECT_THAT(*admin().list_all(*widget, options), SizeIs(3));
  EXPECT_TRUE(*admin().remove(type("crd"), "", "widgets." + group));
}

TEST_F(KubeClusterTest, QuestionsToTheServerAreCreatedAndNotStored) {
  const auto answer =
      connect(access("viewer"))
          ->create(Resource(Json{
              {"apiVersion", "authorization.k8s.io/v1"},
              {"kind", "SelfSubjectAccessReview"},
              {"spec", {{"resourceAttributes", {{"verb", "list"}, {"resource", "secrets"}}}}}}));
  ASSERT_TRUE(answer.has_value()) << answer.error().to_string();
  EXPECT_FALSE(model::bool_at(answer->json(), {"status", "allowed"}));
}

TEST_F(KubeClusterTest, SecretsAreListedWithoutTheirValues) {
  ASSERT_TRUE(admin().apply(Resource(Json{{"apiVersion", "v1"},
                                          {"kind", "Secret"},
                                          {"metadata", {{"name", "s"}, {"namespace", ns()}}},
                                          {"stringData", {{"password", "hunter2"}}}})));
  ListOptions options;
  options.ns = ns();
  const auto secrets = admin().list_all(type("secrets"), options);
  ASSERT_TRUE(secrets.has_value());
  ASSERT_THAT(*secrets, SizeIs(1));
  EXPECT_EQ(secrets->at(0).ref().to_string(), "Secret " + ns() + "/s");
  EXPECT_FALSE(secrets->at(0).json().contains("data"));
}

TEST_F(KubeClusterTest, DiscoveryKnowsWhatTheTableKnows) {
  const auto all = admin().all_resources();
  ASSERT_TRUE(all.has_value()) << all.error().to_string();
  for (const ResourceType& served : *all) {
    const auto known = admin().resource_type(served.api_version(), served.kind);
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(known->plural, served.plural);
    EXPECT_EQ(known->namespaced, served.namespaced) << served.qualified();
    EXPECT_EQ(known->singular, served.singular) << served.qualified();
    EXPECT_THAT(known->short_names, testing::UnorderedElementsAreArray(served.short_names))
        << served.qualified();
  }
}

}  // namespace
}  // namespace kai::kube
