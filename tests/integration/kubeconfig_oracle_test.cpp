// What kubectl makes of generated kubeconfigs, and what we make of them.
#include <gtest/gtest.h>
#include <kai/kube/encoding.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/model/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "support/outside.hpp"

namespace kai::kube {
namespace {

using model::Json;
using model::string_at;

constexpr std::string_view k_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

// Sets of one to four files with names from a small pool, so that they overlap.
class Generator {
 public:
  Generator(std::uint32_t seed, const test::Outside& outside)
      : m_random(seed), m_outside(outside) {}

  // The value of KUBECONFIG.
  std::string make() {
    std::string list;
    const int files = 1 + pick(4);
    for (int i = 0; i < files; ++i) {
      const std::string name = "d" + std::to_string(i) + "/config";
      std::string path = (m_outside.directory() / name).string();
      std::filesystem::remove(path);
      if (!chance(10)) path = m_outside.write(name, chance(2) ? "" : file(i));
      list += (list.empty() ? "" : ":") + path;
      if (chance(5)) list += ":";
    }
    return list;
  }

 private:
  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(m_random); }
  bool chance(int percent) { return pick(100) < percent; }
  std::string name() { return std::string(1, static_cast<char>('a' + pick(3))); }

  std::string file(int index) {
    const std::string here = std::to_string(index);
    Json config = Json::object();
    if (!chance(20)) config["apiVersion"] = "v1";
    if (config.contains("apiVersion")) config["kind"] = "Config";
    if (chance(70)) config["current-context"] = chance(10) ? "" : name();
    if (chance(20)) config["preferences"] = {{"colors", true}};
    if (chance(20)) config["unknown"] = {{"key", here}};
    list(config, "contexts", "context", [&] {
      Json context = {{"cluster", name()}};
      if (!chance(10)) context["user"] = name();
      if (chance(50)) context["namespace"] = "ns-" + here + name();
      return context;
    });
    list(config, "clusters", "cluster", [&] {
      Json cluster = {{"server", "https://" + here + name() + ":6443"}};
      if (chance(30)) cluster["tls-server-name"] = "tls" + here;
      if (chance(30)) cluster["proxy-url"] = "http://proxy" + here;
      if (chance(20)) {
        cluster["insecure-skip-tls-verify"] = true;
      } else if (chance(50)) {
        m_outside.write("d" + here + "/pki/ca.crt", std::string(k_pem) + here);
        cluster["certificate-authority"] = chance(50) ? "pki/ca.crt" : "./pki/../pki/ca.crt";
      } else if (chance(50)) {
        cluster["certificate-authority-data"] = encode_base64(std::string(k_pem) + "data" + here);
      }
      if (chance(20)) cluster["disable-compression"] = true;
      return cluster;
    });
    list(config, "users", "user", [&] {
      Json user = Json::object();
      switch (pick(4)) {
        case 0: user["token"] = "token-" + here + name(); break;
        case 1:
          user["username"] = "user" + here;
          user["password"] = "pass" + here;
          break;
        case 2:
          m_outside.write("d" + here + "/me.crt", std::string(k_pem) + "me" + here);
          user["client-certificate"] = "me.crt";
          user["client-key-data"] = encode_base64(std::string(k_pem) + "key" + here);
          break;
        default: break;
      }
      if (chance(20)) {
        user["as"] = "as" + here;
        if (chance(50)) user["as-groups"] = {"g1", "g" + here};
      }
      return user;
    });
    return config.dump(chance(50) ? 2 : -1);
  }

  template <class Make>
  void list(Json& config, const char* key, const char* inner, const Make& make) {
    Json all = Json::array();
    for (const char* each : {"a", "b", "c"}) {
      if (chance(60)) all.push_back({{"name", each}, {inner, make()}});
    }
    if (!all.empty() || chance(50)) config[key] = std::move(all);
  }

  std::mt19937 m_random;
  const test::Outside& m_outside;
};

// `kubectl config view` of what is in use; nullopt when kubectl refuses.
std::optional<Json> kubectl_view(const std::string& kubeconfig) {
  const char* kubectl = std::getenv("KAI_KUBECTL");
  if (kubectl == nullptr) throw std::runtime_error("KAI_KUBECTL is not set");
  const std::string command = "KUBECONFIG='" + kubeconfig + "' '" + kubectl +
                              "' config view --minify --flatten --raw -o json 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string text;
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  if (pclose(pipe) != 0) return std::nullopt;
  return Json::parse(text);
}

// The first of a list of named things, as kubectl --minify leaves it.
Json only(const Json& view, const char* list, const char* inner) {
  const Json* all = model::find_path(view, {list});
  if (all == nullptr || !all->is_array() || all->empty()) return Json::object();
  return all->at(0).value(inner, Json::object());
}

TEST(KubeconfigOracleTest, AgreesWithKubectl) {
  int compared = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    test::Outside outside;
    outside.env["HOME"] = outside.directory().string();
    outside.env["KUBECONFIG"] = Generator(seed, outside).make();
    SCOPED_TRACE("seed " + std::to_string(seed));

    const auto view = kubectl_view(outside.env["KUBECONFIG"]);
    const auto ours = resolve_access({}, outside.context);
    if (!view) {
      EXPECT_FALSE(ours.has_value());
      continue;
    }
    const Json context = only(*view, "contexts", "context");
    const Json cluster = only(*view, "clusters", "cluster");
    const Json user = only(*view, "users", "user");
    // kubectl goes on to localhost:8080, or anonymously, where we say what is missing.
    const Json* users = model::find_path(*view, {"users"});
    const bool dangling_user = !string_at(context, {"user"}).empty() &&
                               (users == nullptr || users->is_null() || users->empty());
    if (cluster.empty() || dangling_user) {
      EXPECT_FALSE(ours.has_value());
      continue;
    }
    ASSERT_TRUE(ours.has_value()) << ours.error().to_string();
    ++compared;
    EXPECT_EQ(ours->context, string_at(*view, {"current-context"}));
    EXPECT_EQ(ours->ns, string_at(context, {"namespace"}, "default"));
    EXPECT_EQ(ours->server, string_at(cluster, {"server"}));
    EXPECT_EQ(ours->tls_server_name, string_at(cluster, {"tls-server-name"}));
    EXPECT_EQ(ours->proxy_url, string_at(cluster, {"proxy-url"}));
    EXPECT_EQ(ours->insecure_skip_tls_verify,
              model::bool_at(cluster, {"insecure-skip-tls-verify"}));
    EXPECT_EQ(ours->disable_compression, model::bool_at(cluster, {"disable-compression"}));
    EXPECT_EQ(encode_base64(ours->ca_pem), string_at(cluster, {"certificate-authority-data"}));
    EXPECT_EQ(ours->token, string_at(user, {"token"}));
    EXPECT_EQ(ours->username, string_at(user, {"username"}));
    EXPECT_EQ(ours->password, string_at(user, {"password"}));
    EXPECT_EQ(encode_base64(ours->certificate_pem), string_at(user, {"client-certificate-data"}));
    EXPECT_EQ(encode_base64(ours->key_pem), string_at(user, {"client-key-data"}));
    EXPECT_EQ(ours->impersonate_user, string_at(user, {"as"}));
    EXPECT_EQ(Json(ours->impersonate_groups), user.value("as-groups", Json::array()));
  }
  // Otherwise the generator makes nothing but nonsense.
  EXPECT_GE(compared, 15);
}

}  // namespace
}  // namespace kai::kube
