#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/encoding.hpp>
#include <kai/kube/kubeconfig.hpp>

#include "support/outside.hpp"

namespace kai::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view k_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
constexpr std::string_view k_key = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n";

// A kubeconfig with one context "lab"; `cluster` and `user` are lines of YAML flow maps.
std::string config(std::string_view cluster, std::string_view user = "token: t") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: lab\n"
         "contexts:\n- name: lab\n  context: {cluster: c, user: u, namespace: team}\n"
         "clusters:\n- name: c\n  cluster: {" +
         std::string(cluster) + "}\nusers:\n- name: u\n  user: {" + std::string(user) + "}\n";
}

const std::string k_simple = config("server: \"https://lab:6443\"");

class KubeconfigTest : public testing::Test {
 protected:
  KubeconfigTest() { m_outside.env["HOME"] = (m_outside.directory() / "home").string(); }

  Result<ClusterAccess> resolve() {
    return resolve_access(m_flags, m_outside.context,
                          (m_outside.directory() / "service-account").string());
  }
  // With this one file as --kubeconfig.
  Result<ClusterAccess> resolve(const std::string& text) {
    m_flags.kubeconfig = m_outside.write("dir/config", text);
    return resolve();
  }
  ClusterAccess access(const std::string& text) {
    auto resolved = resolve(text);
    EXPECT_TRUE(resolved.has_value()) << resolved.error().to_string();
    return resolved ? *std::move(resolved) : ClusterAccess();
  }
  Error error(const std::string& text) {
    auto resolved = resolve(text);
    EXPECT_FALSE(resolved.has_value());
    return resolved ? Error() : resolved.error();
  }
  std::string path(const std::string& name) { return (m_outside.directory() / name).string(); }

  test::Outside m_outside;
  ConnectionFlags m_flags;
};

TEST_F(KubeconfigTest, TheCurrentContextDecides) {
  const ClusterAccess lab = access(k_simple);
  EXPECT_EQ(lab.context, "lab");
  EXPECT_EQ(lab.cluster, "c");
  EXPECT_EQ(lab.user, "u");
  EXPECT_EQ(lab.server, "https://lab:6443");
  EXPECT_EQ(lab.ns, "team");
  EXPECT_EQ(lab.token, "t");
  EXPECT_EQ(lab.cache_dir, path("home/.kube/cache"));
}

TEST_F(KubeconfigTest, TheHomeFileIsTheDefault) {
  m_outside.write("home/.kube/config", k_simple);
  EXPECT_EQ(resolve()->server, "https://lab:6443");
}

TEST_F(KubeconfigTest, JsonIsAKubeconfigToo) {
  EXPECT_EQ(access(R"({"kind":"Config","apiVersion":"v1","current-context":"x",
                       "contexts":[{"name":"x","context":{"cluster":"x"}}],
                       "clusters":[{"name":"x","cluster":{"server":"https://x"}}]})")
                .server,
            "https://x");
}

TEST_F(KubeconfigTest, TheFirstFileToSetAValueWins) {
  m_outside.write("a",
                  "current-context: ''\nclusters:\n- name: c\n  cluster: {server: 'https://a'}\n"
                  "contexts:\n- name: one\n  context: {cluster: c, user: u}\n");
  m_outside.write("b",
                  "current-context: one\n"
                  "clusters:\n- name: c\n  cluster: {server: 'https://b', tls-server-name: b}\n"
                  "users:\n- name: u\n  user: {token: from-b}\n"
                  "contexts:\n- name: one\n  context: {cluster: other, namespace: other}\n");
  m_outside.env["KUBECONFIG"] =
      path("missing") + ":" + path("a") + "::" + path("b") + ":" + path("a");
  const auto merged = resolve();
  ASSERT_TRUE(merged.has_value()) << merged.error().to_string();
  EXPECT_EQ(merged->server, "https://a");
  EXPECT_EQ(merged->tls_server_name, "");  // entries are not mixed
  EXPECT_EQ(merged->token, "from-b");
  EXPECT_EQ(merged->ns, "default");
}

TEST_F(KubeconfigTest, AnExplicitFileIsTheOnlyOneAndMustExist) {
  m_outside.env["KUBECONFIG"] = m_outside.write("env", k_simple);
  m_flags.kubeconfig = path("missing");
  const auto missing = resolve();
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr(path("missing")));
  m_flags.kubeconfig = path("dir");
  std::filesystem::create_directory(path("dir"));
  EXPECT_THAT(resolve().error().message, HasSubstr("is a directory"));
}

TEST_F(KubeconfigTest, RelativePathsAreRelativeToTheirFile) {
  m_outside.write("dir/pki/ca.crt", k_pem);
  m_outside.write("dir/client.crt", k_pem);
  m_outside.write("shared/client.key", k_key);
  const ClusterAccess lab =
      access(config("server: \"https://lab\", certificate-authority: pki/ca.crt",
                    "client-certificate: ./client.crt, client-key: ../shared/client.key"));
  EXPECT_EQ(lab.ca_pem, k_pem);
  EXPECT_EQ(lab.certificate_pem, k_pem);
  EXPECT_EQ(lab.key_pem, k_key);
}

TEST_F(KubeconfigTest, InlineDataWinsOverFiles) {
  const ClusterAccess lab = access(config(
      "server: \"https://lab\", certificate-authority: missing, certificate-authority-data: " +
          encode_base64(k_pem),
      "client-certificate-data: " + encode_base64(k_pem) + ", client-certificate: missing, " +
          "client-key: missing, client-key-data: " + encode_base64(k_key)));
  EXPECT_EQ(lab.ca_pem, k_pem);
  EXPECT_EQ(lab.certificate_pem, k_pem);
  EXPECT_EQ(lab.key_pem, k_key);
}

TEST_F(KubeconfigTest, FilesThatCannotBeReadAreNamed) {
  EXPECT_EQ(error(config("server: \"https://lab\", certificate-authority: ca.crt")).message,
            "cannot read the certificate authority of cluster \"c\": " + path("dir/ca.crt") +
                ": No such file or directory");
  m_outside.write("dir/ca.crt", "not PEM");
  EXPECT_THAT(error(config("server: \"https://lab\", certificate-authority: ca.crt")).message,
              HasSubstr("is not PEM"));
  EXPECT_THAT(error(config("server: \"https://lab\"", "tokenFile: nowhere")).message,
              HasSubstr("the token of user \"u\""));
}

TEST_F(KubeconfigTest, EverySettingOfAClusterArrives) {
  const ClusterAccess lab =
      access(config("server: \"https://lab:6443/a/b/?x=y\", tls-server-name: other, "
                    "insecure-skip-tls-verify: true, proxy-url: \"socks5://proxy:1080\", "
                    "disable-compression: true, unknown-key: {is: [tolerated]}"));
  EXPECT_EQ(lab.server, "https://lab:6443/a/b");
  EXPECT_EQ(lab.tls_server_name, "other");
  EXPECT_TRUE(lab.insecure_skip_tls_verify);
  EXPECT_EQ(lab.proxy_url, "socks5://proxy:1080");
  EXPECT_TRUE(lab.disable_compression);
}

TEST_F(KubeconfigTest, NoErrorRepeatsASecret) {
  for (const std::string user :
       {"token: !!int hunter2secret", "token: !!float hunter2secret", "token: !!bool hunter2secret",
        "token: !!timestamp hunter2secret", "token: !!null hunter2secret",
        "token: !!binary '*hunter2secret'", "password: *hunter2secret", "token: [hunter2secret]",
        "token: {hunter2secret: 1}", "token: @hunter2secret", "token: \"hunter2secret\\q\""}) {
    const auto resolved = resolve(config("server: \"https://lab\"", user));
    ASSERT_FALSE(resolved) << user;
    EXPECT_THAT(resolved.error().to_string(), Not(HasSubstr("hunter2"))) << user;
  }
}

TEST_F(KubeconfigTest, SettingsThatExcludeEachOther) {
  const std::pair<std::string, std::string> k_cases[] = {
      {config("server: \"https://lab\", insecure-skip-tls-verify: true, "
              "certificate-authority-data: " +
              encode_base64(k_pem)),
       "both a certificate-authority and insecure-skip-tls-verify"},
      {config("server: \"https://lab\"", "token: t, username: u, password: p"),
       "both a token and a password"},
      {config("server: \"https://lab\"", "client-certificate-data: " + encode_base64(k_pem)),
       "a client certificate without a key"},
      {config("server: \"https://lab\"", "as-groups: [g]"), "but no user"},
      {config("server: \"ftp://lab\""), "is not a URL that starts with https:// or http://"},
      {config("server: \"https://\""), "is not a URL"},
      {config("server: \"https://a b\""), "is not a URL"},
      {config("server: \"https://?a\""), "is not a URL"},
      {config("server: \"https://user@:6443\""), "is not a URL"},
      {config("server: ''"), "has no server"},
      {config("server: \"https://lab\", proxy-url: \"ftp://p\""),
       "starts with http:// or https:// or socks5://"},
      {config("server: \"https://lab\"", "auth-provider: {name: gcp}"),
       "the auth-provider \"gcp\", which Kubernetes removed in 1.26"},
      {config("server: \"https://lab\"", "token: \"a\\nb\""), "line break"}};
  for (const auto& [text, message] : k_cases) {
    const Error found = error(text);
    EXPECT_EQ(found.code, ErrorCode::invalid_input) << text;
    EXPECT_THAT(found.to_string(), HasSubstr(message));
  }
}

TEST_F(KubeconfigTest, AddressesAreToldWithoutTheirPassword) {
  for (const char* cluster : {"server: \"ftp://admin:s3cr3t@lab\"", "server: \"admin:s3cr3t@a b\"",
                              "server: \"https://lab\", proxy-url: \"admin:s3cr3t@proxy:3128\""}) {
    const Error found = error(config(cluster));
    EXPECT_THAT(found.to_string(), HasSubstr("is not a URL")) << cluster;
    EXPECT_THAT(found.to_string(), Not(HasSubstr("s3cr3t"))) << cluster;
  }
}

TEST_F(KubeconfigTest, WrongTypesAreLocated) {
  const auto located = [&](const std::string& text) { return error(text).to_string(); };
  const std::string file = path("dir/config");
  EXPECT_THAT(located("clusters:\n- name: c\n  cluster:\n    server: 12\n"),
              HasSubstr(file + ":4:5: server must be a string"));
  EXPECT_THAT(located("clusters:\n- name: c\n  cluster:\n    insecure-skip-tls-verify: 'yes'\n"),
              HasSubstr(file + ":4:5: insecure-skip-tls-verify must be true or false, found a "
                               "string"));
  EXPECT_THAT(located("users: {name: u}\n"), HasSubstr(file + ":1:1: users must be a list"));
  EXPECT_THAT(located("users:\n- name: u\n  user: {exec: {args: [1]}}\n"),
              HasSubstr("args must be a list of strings; this entry is a number"));
  EXPECT_THAT(located("users:\n- name: u\n  user:\n    client-key-data: '***'\n"),
              HasSubstr(file + ":4:5: client-key-data is not valid base64"));
  EXPECT_THAT(located("kind: Pod\napiVersion: v1\n"),
              HasSubstr(file + ":1:1: this is a Pod, not a kubeconfig"));
  EXPECT_THAT(located("- a list\n"), HasSubstr("expected a map, found a list"));
  EXPECT_THAT(located("users:\n- name: u\n- name: u\n"), HasSubstr("two users named \"u\""));
  EXPECT_THAT(located("clusters: [\n"), HasSubstr(file + ":"));
}

TEST_F(KubeconfigTest, UnknownNamesGetTheNearestOne) {
  m_flags.context = "lap";
  Error unknown = error(k_simple);
  EXPECT_EQ(unknown.code, ErrorCode::not_found);
  EXPECT_EQ(unknown.message, "there is no context \"lap\" in " + path("dir/config"));
  EXPECT_EQ(unknown.hint, "did you mean \"lab\"?");

  m_flags.context = "somewhere-else";
  EXPECT_EQ(error(k_simple).hint, "there are: lab");

  m_flags = {};
  m_flags.cluster = "nope";
  EXPECT_EQ(error(k_simple).message, "there is no cluster \"nope\" in " + path("dir/config"));
  m_flags = {};
  m_flags.user = "nope";
  EXPECT_EQ(error(k_simple).message, "there is no user \"nope\" in " + path("dir/config"));
}

TEST_F(KubeconfigTest, ACurrentContextThatDoesNotExistIsLocated) {
  const Error dangling = error("contexts: []\ncurrent-context: gone\n");
  EXPECT_EQ(dangling.code, ErrorCode::not_found);
  EXPECT_THAT(dangling.to_string(), HasSubstr(path("dir/config") + ":2:1"));
}

TEST_F(KubeconfigTest, AUserThatDoesNotExistMattersOnlyWithoutOtherCredentials) {
  const std::string text =
      "current-context: x\ncontexts:\n- name: x\n  context: {cluster: c, user: nobody}\n"
      "clusters:\n- name: c\n  cluster: {server: 'https://x'}\n";
  EXPECT_THAT(error(text).message, HasSubstr("there is no user \"nobody\""));
  m_flags.token = "t";
  EXPECT_EQ(access(text).token, "t");
}

TEST_F(KubeconfigTest, NoConfigurationSaysWhatToDo) {
  const auto nothing = resolve();
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().message,
            "no cluster is configured: " + path("home/.kube/config") + " does not exist");
  EXPECT_THAT(nothing.error().hint, HasSubstr("--kubeconfig"));

  m_outside.env["KUBECONFIG"] = path("x") + ":" + path("y");
  EXPECT_THAT(resolve().error().message, HasSubstr("KUBECONFIG=" + path("x")));

  EXPECT_THAT(error("").message, HasSubstr("there are no contexts in"));
  EXPECT_THAT(error("contexts:\n- name: b\n- name: a\n").hint, HasSubstr("there are: a, b"));
}

TEST_F(KubeconfigTest, AServerOnTheCommandLineNeedsNoFile) {
  m_flags.server = "localhost:8080";
  EXPECT_EQ(resolve()->server, "http://localhost:8080");
  m_flags.insecure_skip_tls_verify = true;
  EXPECT_EQ(resolve()->server, "https://localhost:8080");
}

TEST_F(KubeconfigTest, FlagsWin) {
  m_outside.write("ca", k_pem);
  m_outside.write("crt", k_pem);
  m_outside.write("key", k_key);
  m_flags.ns = "n";
  m_flags.server = "https://other";
  m_flags.certificate_authority = path("ca");
  m_flags.client_certificate = path("crt");
  m_flags.client_key = path("key");
  m_flags.token = " flag-token\n";
  m_flags.request_timeout = std::chrono::seconds(3);
  m_flags.cache_dir = "/cache";
  m_flags.disable_compression = true;
  const ClusterAccess lab =
      access(config("server: \"https://lab\", insecure-skip-tls-verify: true, tls-server-name: lab",
                    "username: u, password: p, client-certificate-data: " + encode_base64("x") +
                        ", client-key-data: " + encode_base64("y")));
  EXPECT_EQ(lab.ns, "n");
  EXPECT_EQ(lab.server, "https://other");
  EXPECT_EQ(lab.tls_server_name, "");  // it was the other server's
  EXPECT_EQ(lab.ca_pem, k_pem);
  EXPECT_FALSE(lab.insecure_skip_tls_verify);
  EXPECT_EQ(lab.certificate_pem, k_pem);
  EXPECT_EQ(lab.key_pem, k_key);
  EXPECT_EQ(lab.token, "flag-token");
  EXPECT_TRUE(lab.token_from_flag);
  EXPECT_EQ(lab.username, "");
  EXPECT_EQ(lab.request_timeout, std::chrono::seconds(3));
  EXPECT_EQ(lab.cache_dir, "/cache");
  EXPECT_TRUE(lab.disable_compression);

  m_flags = {};
  m_flags.insecure_skip_tls_verify = true;
  const ClusterAccess insecure = access(
      config("server: \"https://lab\", certificate-authority-data: " + encode_base64(k_pem)));
  EXPECT_TRUE(insecure.insecure_skip_tls_verify);
  EXPECT_EQ(insecure.ca_pem, "");
}

TEST_F(KubeconfigTest, ClusterAndUserMayBeChosenApart) {
  const std::string text = k_simple + "- name: root\n  user: {token: r}\n";  // one more user
  m_flags.user = "root";
  EXPECT_EQ(access(text).token, "r");
  EXPECT_EQ(access(text).user, "root");
}

TEST_F(KubeconfigTest, CredentialsAreNeverSentInTheClear) {
  const ClusterAccess plain = access(config("server: \"http://lab\"", "token: t, as: grace"));
  EXPECT_EQ(plain.token, "");
  EXPECT_EQ(plain.impersonate_user, "grace");
}

TEST_F(KubeconfigTest, Impersonation) {
  const std::string text =
      config("server: \"https://lab\"",
             "as: grace, as-uid: \"7\", as-groups: [a, b], as-user-extra: {reason: [one, two]}");
  ClusterAccess lab = access(text);
  EXPECT_EQ(lab.impersonate_user, "grace");
  EXPECT_EQ(lab.impersonate_uid, "7");
  EXPECT_THAT(lab.impersonate_groups, ElementsAre("a", "b"));
  EXPECT_THAT(lab.impersonate_extra["reason"], ElementsAre("one", "two"));

  m_flags.as = "hopper";
  m_flags.as_group = {"c"};
  lab = access(text);
  EXPECT_EQ(lab.impersonate_user, "hopper");
  EXPECT_EQ(lab.impersonate_uid, "7");
  EXPECT_THAT(lab.impersonate_groups, ElementsAre("c"));

  m_flags.as = "line\nbreak";
  EXPECT_THAT(error(text).message, HasSubstr("line break"));
}

TEST_F(KubeconfigTest, ExecPlugins) {
  const std::string text =
      "current-context: x\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\n"
      "clusters:\n- name: c\n  cluster:\n    server: https://x\n    extensions:\n"
      "    - name: client.authentication.k8s.io/exec\n      extension: {audience: lab}\n"
      "users:\n- name: u\n  user:\n    exec:\n      apiVersion: "
      "client.authentication.k8s.io/v1beta1\n"
      "      command: ./bin/login\n      args: [--format, json]\n"
      "      env: [{name: A, value: b}]\n      installHint: get it\n"
      "      provideClusterInfo: true\n";
  const ClusterAccess lab = access(text);
  ASSERT_TRUE(lab.exec.has_value());
  EXPECT_EQ(lab.exec->command, path("dir/bin/login"));
  EXPECT_THAT(lab.exec->args, ElementsAre("--format", "json"));
  EXPECT_THAT(lab.exec->env, ElementsAre(testing::Pair("A", "b")));
  EXPECT_EQ(lab.exec->install_hint, "get it");
  EXPECT_TRUE(lab.exec->provide_cluster_info);
  EXPECT_EQ(lab.exec->interactive_mode, "IfAvailable");
  EXPECT_EQ(lab.exec->cluster_config, R"({"audience":"lab"})");

  m_flags.token = "t";
  EXPECT_FALSE(access(text).exec.has_value());
}

TEST_F(KubeconfigTest, ExecPluginsThatCannotBeRun) {
  const auto exec = [](std::string_view fields) {
    return config("server: \"https://lab\"", "exec: {" + std::string(fields) + "}");
  };
  const std::pair<std::string, std::string> k_cases[] = {
      {exec("apiVersion: client.authentication.k8s.io/v1"), "has no command"},
      {exec("command: c"), "has no apiVersion"},
      {exec("command: c, apiVersion: client.authentication.k8s.io/v1alpha1"), "not supported"},
      {exec("command: c, apiVersion: client.authentication.k8s.io/v1"), "has no interactiveMode"},
      {exec("command: c, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Maybe"),
       "unknown interactiveMode \"Maybe\""},
      {exec("command: c, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, "
            "env: [{value: x}]"),
       "an environment variable with the name \"\""}};
  for (const auto& [text, message] : k_cases) EXPECT_THAT(error(text).message, HasSubstr(message));
  // A bare name is for PATH to find.
  EXPECT_EQ(access(exec("command: login, apiVersion: client.authentication.k8s.io/v1, "
                        "interactiveMode: Never"))
                .exec->command,
            "login");
}

class InClusterTest : public KubeconfigTest {
 protected:
  InClusterTest() {
    m_outside.env["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    m_outside.env["KUBERNETES_SERVICE_PORT"] = "443";
    m_outside.write("service-account/token", "pod-token\n");
    m_outside.write("service-account/ca.crt", k_pem);
    m_outside.write("service-account/namespace", "team\n");
  }
};

TEST_F(InClusterTest, UsesTheServiceAccountWhenThereIsNoKubeconfig) {
  const auto pod = resolve();
  ASSERT_TRUE(pod.has_value()) << pod.error().to_string();
  EXPECT_EQ(pod->server, "https://10.0.0.1:443");
  EXPECT_EQ(pod->ns, "team");
  EXPECT_EQ(pod->ca_pem, k_pem);
  EXPECT_EQ(pod->token_file, path("service-account/token"));
}

TEST_F(InClusterTest, FlagsAndAddressFamilies) {
  m_outside.env["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  m_outside.env["POD_NAMESPACE"] = "own";
  m_flags.as = "grace";
  m_flags.token = "t";
  const auto pod = resolve();
  ASSERT_TRUE(pod.has_value()) << pod.error().to_string();
  EXPECT_EQ(pod->server, "https://[fd00::1]:443");
  EXPECT_EQ(pod->ns, "own");
  EXPECT_EQ(pod->impersonate_user, "grace");
  EXPECT_EQ(pod->token, "t");
  EXPECT_EQ(pod->token_file, "");
  m_flags.ns = "flag";
  EXPECT_EQ(resolve()->ns, "flag");
}

TEST_F(InClusterTest, AKubeconfigWins) {
  m_outside.write("home/.kube/config", k_simple);
  EXPECT_EQ(resolve()->server, "https://lab:6443");
}

TEST_F(InClusterTest, OutsideOfAPodThereIsNone) {
  std::filesystem::remove(path("service-account/token"));
  EXPECT_EQ(resolve().error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kai::kube
