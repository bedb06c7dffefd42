#include <kai/model/abilities.hpp>
#include <kai/model/rbac.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kai::model {
namespace {

// "verbs|groups|resources|names", lists by commas; "-" is the core group.
PolicyRule rule(const std::string& text) {
  std::vector<std::vector<std::string>> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('|', at), text.size());
    std::vector<std::string>& part = parts.emplace_back();
    for (std::size_t i = at; i < end;) {
      const std::size_t comma = std::min(text.find(',', i), end);
      const std::string item = text.substr(i, comma - i);
      part.push_back(item == "-" ? "" : item);
      i = comma + 1;
    }
    at = end + 1;
  }
  parts.resize(4);
  return {parts[0], parts[1], parts[2], parts[3], {}};
}

// "verb group resource[/subresource] [name]".
AccessRequest request(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  words.resize(4);
  AccessRequest asked;
  asked.verb = words[0];
  asked.group = words[1] == "-" ? "" : words[1];
  const std::size_t slash = words[2].find('/');
  asked.resource = words[2].substr(0, slash);
  if (slash != std::string::npos) asked.subresource = words[2].substr(slash + 1);
  asked.name = words[3];
  return asked;
}

TEST(Rbac, RulesAreReadAsTheServerReadsThem) {
  struct Case {
    const char* rule;
    const char* request;
    bool allowed;
  };
  const std::vector<Case> cases = {
      {"get|-|pods", "get - pods", true},
      {"get|-|pods", "list - pods", false},
      {"get,list|-|pods", "list - pods", true},
      {"*|-|pods", "deletecollection - pods", true},
      {"get|-|pods", "get apps pods", false},
      {"get|*|pods", "get apps pods", true},
      {"get|apps|deployments", "get apps deployments", true},
      {"get|apps|deployments", "get - deployments", false},
      {"get||pods", "get - pods", false},
      {"|-|pods", "get - pods", false},
      {"get|-|", "get - pods", false},
      {"get|-|*", "get - pods", true},
      {"get|-|*", "get - pods/log", true},
      {"get|-|pods", "get - pods/log", false},
      {"get|-|pods/log", "get - pods/log", true},
      {"get|-|pods/log", "get - pods", false},
      {"get|-|pods/*", "get - pods/log", false},
      {"get|-|pods/*", "get - pods", false},
      {"get|*|*/scale", "get apps deployments/scale", true},
      {"get|*|*/scale", "get apps deployments", false},
      {"get|*|*/scale", "get apps deployments/status", false},
      {"get|*|*/*", "get - pods/log", false},
      {"get|*|*/*", "get - pods", false},
      {"get|-|Pods", "get - pods", false},
      {"get|-|pod*", "get - pods", false},
      {"GET|-|pods", "get - pods", false},
      {"get|-|secrets|a,b", "get - secrets a", true},
      {"get|-|secrets|a,b", "get - secrets c", false},
      {"get|-|secrets|a,b", "get - secrets", false},
      {"get|-|secrets|*", "get - secrets a", false},
      {"get|-|secrets", "get - secrets a", true},
      {"*|*|*", "escalate rbac.authorization.k8s.io roles", true},
      {"*|*|*", "* * *", true},
      {"get|*|*", "* * *", false},
  };
  for (const Case& it : cases) {
    EXPECT_EQ(rule(it.rule).allows(request(it.request)), it.allowed)
        << it.rule << " for " << it.request;
  }
}

TEST(Rbac, Urls) {
  struct Case {
    const char* url;
    const char* asked;
    bool allowed;
  };
  const std::vector<Case> cases = {
      {"/metrics", "/metrics", true},    {"/metrics", "/metrics/x", false},
      {"/metrics/*", "/metrics", false}, {"/metrics/*", "/metrics/x/y", true},
      {"*", "/anything", true},          {"/heal*", "/healthz", true},
      {"/healthz", "/heal", false},
  };
  for (const Case& it : cases) {
    PolicyRule allowing;
    allowing.verbs = {"get"};
    allowing.urls = {it.url};
    AccessRequest asked;
    asked.verb = "get";
    asked.url = it.asked;
    EXPECT_EQ(allowing.allows(asked), it.allowed) << it.url << " for " << it.asked;
    asked.verb = "post";
    EXPECT_FALSE(allowing.allows(asked));
  }
  EXPECT_FALSE(rule("*|*|*").allows({"get", "", "", "", "", "", "/metrics"}));
}

Json object(const std::string& kind, const std::string& ns, const std::string& name, Json more) {
  more["apiVersion"] = k_rbac_api;
  more["kind"] = kind;
  more["metadata"] = {{"name", name}};
  if (!ns.empty()) more["metadata"]["namespace"] = ns;
  return more;
}

Json rules(const std::string& verb, const std::string& resource, Json names = Json::array()) {
  return {{"rules",
           {{{"verbs", {verb}},
             {"apiGroups", {""}},
             {"resources", {resource}},
             {"resourceNames", std::move(names)}}}}};
}

Json binds(const std::string& kind, const std::string& role, Json subjects) {
  return {{"roleRef", {{"kind", kind}, {"name", role}}}, {"subjects", std::move(subjects)}};
}

std::vector<std::string> names_of(const std::vector<AccessGrant>& grants) {
  std::vector<std::string> names;
  for (const AccessGrant& grant : grants) {
    std::string text = grant.subject->to_string() + " by " + grant.binding->ref().to_string();
    for (const std::string& name : grant.names) text += " " + name;
    names.push_back(std::move(text));
  }
  return names;
}

TEST(Rbac, BindingsGiveWhatTheirRoleHasWhereTheyAre) {
  Rbac rbac;
  const Json eve = Json::array({{{"kind", "User"}, {"name", "eve"}}});
  const Json runner = Json::array({{{"kind", "ServiceAccount"}, {"name", "runner"}}});
  EXPECT_TRUE(rbac.add(object("ClusterRole", "", "reader", rules("get", "pods"))));
  EXPECT_TRUE(rbac.add(object("Role", "a", "reader", rules("list", "pods"))));
  EXPECT_TRUE(rbac.add(object("ClusterRole", "", "one", rules("get", "pods", {"x", "w", "x"}))));
  EXPECT_TRUE(
      rbac.add(object("ClusterRoleBinding", "", "all", binds("ClusterRole", "reader", eve))));
  // A ClusterRoleBinding gives no Role, and a RoleBinding none of another namespace.
  EXPECT_TRUE(rbac.add(object("ClusterRoleBinding", "", "bad", binds("Role", "reader", eve))));
  EXPECT_TRUE(rbac.add(object("RoleBinding", "b", "bad", binds("Role", "reader", eve))));
  EXPECT_TRUE(rbac.add(object("RoleBinding", "a", "both", binds("ClusterRole", "reader", runner))));
  EXPECT_TRUE(rbac.add(object("RoleBinding", "a", "own", binds("Role", "reader", runner))));
  EXPECT_TRUE(rbac.add(object("RoleBinding", "b", "one", binds("ClusterRole", "one", runner))));
  EXPECT_FALSE(rbac.add({{"apiVersion", "v1"}, {"kind", "Role"}}));

  using Names = std::vector<std::string>;
  AccessRequest asked = request("get - pods");
  asked.ns = "a";
  EXPECT_EQ(names_of(who_can(rbac, asked)),
            (Names{"User eve by ClusterRoleBinding all",
                   "ServiceAccount a/runner by RoleBinding a/both"}));
  asked.ns = "b";
  EXPECT_EQ(names_of(who_can(rbac, asked)),
            (Names{"User eve by ClusterRoleBinding all",
                   "ServiceAccount b/runner by RoleBinding b/one w x"}));
  asked.name = "x";
  EXPECT_EQ(names_of(who_can(rbac, asked)).back(), "ServiceAccount b/runner by RoleBinding b/one");
  asked.name = "y";
  EXPECT_EQ(who_can(rbac, asked).size(), 1U);
  // In all namespaces together only what holds for the cluster counts.
  EXPECT_EQ(names_of(who_can(rbac, request("get - pods"))),
            (Names{"User eve by ClusterRoleBinding all"}));
  EXPECT_EQ(who_can(rbac, request("get - pods"), Namespaces::all).size(), 3U);
  asked = request("list - pods");
  asked.ns = "a";
  EXPECT_EQ(names_of(who_can(rbac, asked)),
            (Names{"ServiceAccount a/runner by RoleBinding a/own"}));
}

TEST(Rbac, NamesDoNotCountWhereNoneIsKnown) {
  Rbac rbac;
  rbac.add(object("ClusterRole", "", "one", rules("*", "*", {"x"})));
  rbac.add(object("ClusterRoleBinding", "", "one",
                  binds("ClusterRole", "one", Json::array({{{"kind", "User"}, {"name", "eve"}}}))));
  EXPECT_EQ(who_can(rbac, request("get - pods")).size(), 1U);
  EXPECT_EQ(who_can(rbac, request("list - pods")).size(), 1U);
  EXPECT_EQ(who_can(rbac, request("create - pods/exec")).size(), 1U);
  EXPECT_TRUE(who_can(rbac, request("create - pods")).empty());
  EXPECT_TRUE(who_can(rbac, request("deletecollection - pods")).empty());
}

TEST(Abilities, OfRules) {
  const std::string rbac = "rbac.authorization.k8s.io";
  const std::vector<std::pair<std::string, std::vector<std::string>>> of_cluster = {
      {"get,list,watch|-|pods,configmaps,pods/log", {}},
      {"get|-|secrets", {"secrets"}},
      {"create|-|secrets", {}},
      {"get|-|secrets|one", {}},
      {"create|-|pods/exec|one", {"exec"}},
      {"patch|-|pods/ephemeralcontainers", {"exec"}},
      {"create|*|*/attach", {"exec"}},
      {"create|-|serviceaccounts/token", {"tokens"}},
      {"patch|apps|deployments", {"pods"}},
      {"patch|-|pods", {}},
      {"create|batch|jobs", {"pods"}},
      {"escalate|" + rbac + "|clusterroles", {"escalate"}},
      {"bind|" + rbac + "|clusterroles", {"bind"}},
      {"bind|" + rbac + "|clusterroles|view", {}},
      {"impersonate|-|users", {"impersonate"}},
      {"impersonate|apps|users", {}},
      {"get|-|nodes/proxy", {"nodes/proxy"}},
      {"get|-|nodes/metrics", {}},
      {"update|admissionregistration.k8s.io|mutatingwebhookconfigurations|one", {"webhooks"}},
      {"get|admissionregistration.k8s.io|mutatingwebhookconfigurations", {}},
      {"update|certificates.k8s.io|certificatesigningrequests/approval", {"certificates"}},
      {"create|-|persistentvolumes", {"volumes"}},
      {"patch|-|namespaces", {"namespaces"}},
      {"get|*|*", {"nodes/proxy", "secrets", "exec"}},
      {"*|*|*|one", {"nodes/proxy", "webhooks", "exec"}},
  };
  const auto of = [](const PolicyRule& it, bool is_cluster_wide) {
    std::vector<std::string> abilities;
    for (const Ability ability : all_abilities()) {
      if (gives(it, !it.names.empty(), ability, is_cluster_wide)) {
        abilities.emplace_back(to_string(ability));
      }
    }
    return abilities;
  };
  for (const auto& [text, abilities] : of_cluster)
    EXPECT_EQ(of(rule(text), true), abilities) << text;
  EXPECT_EQ(of(rule("*|*|*"), true).size(), all_abilities().size());
  // What is of the cluster is not given in a namespace.
  EXPECT_EQ(of(rule("*|*|*"), false),
            (std::vector<std::string>{"everything", "escalate", "bind", "impersonate", "secrets",
                                      "tokens", "exec", "pods", "namespaces"}));
  EXPECT_TRUE(of(rule("get|-|nodes/proxy"), false).empty());
  for (const Ability ability : all_abilities()) {
    EXPECT_EQ(parse_ability(to_string(ability)), ability);
    EXPECT_FALSE(describe(ability).empty());
  }
  EXPECT_FALSE(parse_ability("none"));
}

}  // namespace
}  // namespace kai::model
