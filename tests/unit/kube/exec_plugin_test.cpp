#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/auth.hpp>
#include <kai/kube/exec_plugin.hpp>
#include <kai/model/json.hpp>

#include <thread>

#include "support/outside.hpp"

namespace kai::kube {
namespace {

using model::Json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr std::string_view k_v1 = "client.authentication.k8s.io/v1";

// A shell script that prints an ExecCredential with this status.
std::string printing(std::string_view status, std::string_view version = k_v1) {
  return "#!/bin/sh\necho run >> \"$0.runs\"\ncat <<'END'\n{\"apiVersion\":\"" +
         std::string(version) + R"(","kind":"ExecCredential","status":)" + std::string(status) +
         "}\nEND\n";
}

class ExecPluginTest : public testing::Test {
 protected:
  ExecPluginTest() {
    m_access.server = "https://api:6443";
    m_access.user = "ada";
    m_access.exec.emplace();
    m_access.exec->api_version = k_v1;
    m_access.exec->interactive_mode = "IfAvailable";
  }

  void plugin(std::string_view script) {
    m_access.exec->command = m_outside.write_program("plugin", script);
  }

  Result<ExecCredential> run(std::chrono::milliseconds limit = k_exec_time_limit) {
    return run_exec_plugin(m_access, m_outside.context, limit);
  }

  [[nodiscard]] std::size_t runs() const {
    const std::string text = m_outside.read("plugin.runs");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  test::Outside m_outside;
  ClusterAccess m_access;
};

TEST_F(ExecPluginTest, GivesATokenAndItsExpiry) {
  plugin(printing(R"({"token":"t1","expirationTimestamp":"2026-06-01T00:10:00Z"})"));
  const auto credential = run();
  ASSERT_TRUE(credential.has_value()) << credential.error().to_string();
  EXPECT_EQ(credential->token, "t1");
  EXPECT_EQ(*credential->expires, m_outside.now + std::chrono::minutes(10));
}

TEST_F(ExecPluginTest, GivesACertificate) {
  plugin(printing(R"({"clientCertificateData":"CERT","clientKeyData":"KEY"})"));
  const auto credential = run();
  ASSERT_TRUE(credential.has_value());
  EXPECT_EQ(credential->certificate_pem, "CERT");
  EXPECT_EQ(credential->key_pem, "KEY");
  EXPECT_FALSE(credential->expires.has_value());
}

TEST_F(ExecPluginTest, ArgumentsAndEnvironmentArriveWithoutAShell) {
  plugin("#!/bin/sh\nprintf '%s|' \"$@\" \"$GREETING\" > \"$0.seen\"\n" +
         printing(R"({"token":"t"})").substr(10));
  m_access.exec->args = {"$(id)", "two words", "", "a;b"};
  m_access.exec->env = {{"GREETING", "wrong"}, {"GREETING", "it's `me`"}};
  ASSERT_TRUE(run().has_value());
  EXPECT_EQ(m_outside.read("plugin.seen"), "$(id)|two words||a;b|it's `me`|");
}

TEST_F(ExecPluginTest, IsToldWhatIsAskedOfIt) {
  plugin("#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$0.seen\"\n" +
         printing(R"({"token":"t"})").substr(10));
  ASSERT_TRUE(run().has_value());
  EXPECT_EQ(Json::parse(m_outside.read("plugin.seen")), Json::parse(R"({
      "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
      "spec": {"interactive": false}})"));

  m_access.exec->provide_cluster_info = true;
  m_access.exec->cluster_config = R"({"audience":"lab"})";
  m_access.ca_pem = "PEM";
  m_access.tls_server_name = "name";
  m_access.proxy_url = "socks5://p";
  ASSERT_TRUE(run().has_value());
  EXPECT_EQ(Json::parse(m_outside.read("plugin.seen"))["spec"]["cluster"], Json::parse(R"({
      "server": "https://api:6443", "certificate-authority-data": "UEVN",
      "tls-server-name": "name", "proxy-url": "socks5://p", "config": {"audience": "lab"}})"));
}

TEST_F(ExecPluginTest, HasNoInputUnlessItMayAsk) {
  plugin("#!/bin/sh\nread line && echo unexpected\n" + printing(R"({"token":"t"})").substr(10));
  EXPECT_TRUE(run().has_value());
}

TEST_F(ExecPluginTest, MustAskButThereIsNoTerminal) {
  plugin(printing(R"({"token":"t"})"));
  m_access.exec->interactive_mode = "Always";
  const auto credential = run();
  ASSERT_FALSE(credential.has_value());
  EXPECT_THAT(credential.error().message, HasSubstr("must ask on a terminal"));
  EXPECT_EQ(runs(), 0U);
}

TEST_F(ExecPluginTest, AMissingCommandShowsTheInstallHint) {
  m_access.exec->command = "no-such-credential-plugin";
  m_access.exec->install_hint = "get it from https://example.org";
  const auto credential = run();
  ASSERT_FALSE(credential.has_value());
  EXPECT_EQ(credential.error().code, ErrorCode::not_found);
  EXPECT_THAT(credential.error().message,
              HasSubstr("no-such-credential-plugin of user \"ada\" cannot be run: the program "
                        "no-such-credential-plugin is not in PATH"));
  EXPECT_EQ(credential.error().hint, "get it from https://example.org");
}

TEST_F(ExecPluginTest, AFailureCarriesWhatWasSaidAboutIt) {
  plugin("#!/bin/sh\necho 'your session has expired' >&2\nexit 3\n");
  const auto credential = run();
  ASSERT_FALSE(credential.has_value());
  EXPECT_EQ(credential.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(credential.error().message,
              HasSubstr("failed with exit code 3: your session has expired"));
}

TEST_F(ExecPluginTest, AnswersThatAreNone) {
  const std::pair<std::string, std::string> k_cases[] = {
      {"#!/bin/sh\necho token-12345\n", "did not print JSON"},
      {"#!/bin/sh\n", "did not print JSON"},
      {printing(R"({"token":"t"})", "client.authentication.k8s.io/v1beta1"), "instead of"},
      {printing("{}"), "neither a token nor a certificate"},
      {printing("null"), "neither a token nor a certificate"},
      {printing(R"({"clientCertificateData":"c"})"), "without its key"},
      {printing(R"({"token":"a\nb"})"), "line break"},
      {printing(R"({"token":"t","expirationTimestamp":"soon"})"), "no RFC 3339 time"}};
  for (const auto& [script, message] : k_cases) {
    plugin(script);
    const auto credential = run();
    ASSERT_FALSE(credential.has_value()) << script;
    EXPECT_EQ(credential.error().code, ErrorCode::unauthorized);
    EXPECT_THAT(credential.error().message, HasSubstr(message));
    EXPECT_THAT(credential.error().message, Not(HasSubstr("token-12345")));
  }
}

TEST_F(ExecPluginTest, TakesNoLongerThanItMay) {
  plugin("#!/bin/sh\nsleep 1000 & sleep 1000\n");
  EXPECT_EQ(run(std::chrono::milliseconds(50)).error().code, ErrorCode::timed_out);
}

TEST_F(ExecPluginTest, InterruptionEndsIt) {
  plugin("#!/bin/sh\ntouch \"$0.started\"\nsleep 1000\n");
  std::thread interrupter([this] {
    while (!std::filesystem::exists(m_outside.directory() / "plugin.started")) {
      std::this_thread::yield();
    }
    m_outside.context.cancel.request();
  });
  EXPECT_EQ(run().error().code, ErrorCode::cancelled);
  interrupter.join();
}

TEST_F(ExecPluginTest, WhatItLeavesRunningIsNotWaitedFor) {
  plugin("#!/bin/sh\nsleep 5 &\n" + printing(R"({"token":"t"})").substr(10));
  EXPECT_TRUE(run(std::chrono::seconds(60)).has_value());
}

TEST_F(ExecPluginTest, CredentialsAreCachedUntilTheyExpire) {
  plugin(printing(R"({"token":"t1","expirationTimestamp":"2026-06-01T00:10:00Z"})"));
  Authenticator authenticator(m_access, m_outside.context);
  EXPECT_FALSE(authenticator.ready().has_value());
  ASSERT_TRUE(authenticator.credentials().has_value());
  m_outside.now += std::chrono::minutes(9);
  EXPECT_THAT(authenticator.credentials()->headers,
              ElementsAre(Pair("Authorization", "Bearer t1")));
  EXPECT_TRUE(authenticator.ready().has_value());
  EXPECT_EQ(runs(), 1U);

  m_outside.now += std::chrono::minutes(1);
  plugin(printing(R"({"token":"t2"})"));
  EXPECT_FALSE(authenticator.ready().has_value());
  EXPECT_THAT(authenticator.credentials()->headers,
              ElementsAre(Pair("Authorization", "Bearer t2")));
  m_outside.now += std::chrono::hours(1000);  // has no end
  EXPECT_TRUE(authenticator.credentials().has_value());
  EXPECT_EQ(runs(), 2U);
}

TEST_F(ExecPluginTest, RefusedCredentialsAreRenewedOnceForAll) {
  plugin(printing(R"({"token":"t"})"));
  Authenticator authenticator(m_access, m_outside.context);
  const long first = authenticator.credentials()->generation;
  // Two requests were refused with the same credentials.
  EXPECT_TRUE(authenticator.renew(first));
  const long second = authenticator.credentials()->generation;
  EXPECT_NE(first, second);
  EXPECT_TRUE(authenticator.renew(first));
  EXPECT_EQ(authenticator.credentials()->generation, second);
  EXPECT_EQ(runs(), 2U);
}

TEST_F(ExecPluginTest, ManyThreadsRunItOnce) {
  plugin(printing(R"({"token":"t"})"));
  Authenticator authenticator(m_access, m_outside.context);
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(authenticator.credentials().has_value()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs(), 1U);
}

TEST_F(ExecPluginTest, CertificatesGoToTheConnectionNotIntoHeaders) {
  plugin(printing(R"({"clientCertificateData":"CERT","clientKeyData":"KEY"})"));
  m_access.impersonate_user = "grace";
  Authenticator authenticator(m_access, m_outside.context);
  const auto credentials = authenticator.credentials();
  EXPECT_EQ(credentials->certificate_pem, "CERT");
  EXPECT_THAT(credentials->headers, ElementsAre(Pair("Impersonate-User", "grace")));
}

class TokenFileTest : public testing::Test {
 protected:
  static std::string authorization(Authenticator& authenticator) {
    const auto credentials = authenticator.credentials();
    return credentials->headers.empty() ? "" : credentials->headers.front().second;
  }

  test::Outside m_outside;
  ClusterAccess m_access;
};

TEST_F(TokenFileTest, IsReadAgainWhenItChanges) {
  m_access.token_file = m_outside.write("token", "first\n");
  Authenticator authenticator(m_access, m_outside.context);
  EXPECT_EQ(authorization(authenticator), "Bearer first");
  // As a kubelet does it: another file takes the name.
  std::filesystem::rename(m_outside.write("token.new", "second-and-longer"), m_access.token_file);
  EXPECT_EQ(authorization(authenticator), "Bearer second-and-longer");
  std::filesystem::remove(m_access.token_file);
  EXPECT_EQ(authorization(authenticator), "Bearer second-and-longer");
}

TEST_F(TokenFileTest, WinsOverTheTokenOnceItCouldBeRead) {
  m_access.token = "fallback";
  m_access.token_file = (m_outside.directory() / "token").string();
  Authenticator authenticator(m_access, m_outside.context);
  EXPECT_EQ(authorization(authenticator), "Bearer fallback");
  m_outside.write("token", "");
  EXPECT_EQ(authorization(authenticator), "Bearer fallback");
  m_outside.write("token", "real");
  EXPECT_EQ(authorization(authenticator), "Bearer real");
}

TEST_F(TokenFileTest, RenewsOnlyWhenThereIsAnotherToken) {
  m_access.token_file = m_outside.write("token", "first");
  Authenticator authenticator(m_access, m_outside.context);
  const long generation = authenticator.credentials()->generation;
  EXPECT_FALSE(authenticator.renew(generation));
  m_outside.write("token", "other");  // as long as before, and maybe as old
  EXPECT_TRUE(authenticator.renew(generation));
  EXPECT_EQ(authorization(authenticator), "Bearer other");
}

TEST_F(TokenFileTest, AnonymousHasNoHeaders) {
  Authenticator authenticator(m_access, m_outside.context);
  EXPECT_TRUE(authenticator.credentials()->headers.empty());
  EXPECT_FALSE(authenticator.renew(0));
}

}  // namespace
}  // namespace kai::kube
