#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/plugin_policy.hpp>

#include "support/outside.hpp"

namespace kai::kube {
namespace {

using testing::HasSubstr;

class PluginPolicyTest : public testing::Test {
 protected:
  PluginPolicyTest() {
    m_outside.env["HOME"] = m_outside.directory().string();
    m_program = m_outside.write_program("bin/login", "#!/bin/sh\n");
  }

  Result<> check(const std::string& fields, const std::string& command = "login") {
    m_outside.write(".kube/kuberc",
                    "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n" + fields);
    return check_plugin_policy(command, m_program, m_outside.context);
  }

  test::Outside m_outside;
  std::string m_program;
};

TEST_F(PluginPolicyTest, WithoutARuleEverythingMayRun) {
  EXPECT_TRUE(check_plugin_policy("login", m_program, m_outside.context).has_value());
  EXPECT_TRUE(check("").has_value());
  EXPECT_TRUE(check("credentialPluginPolicy: AllowAll\n").has_value());
  m_outside.write(".kube/kuberc", "");
  EXPECT_TRUE(check_plugin_policy("login", m_program, m_outside.context).has_value());
}

TEST_F(PluginPolicyTest, DenyAll) {
  const auto denied = check("credentialPluginPolicy: DenyAll\n");
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().code, ErrorCode::forbidden);
  EXPECT_THAT(denied.error().message, HasSubstr("login may not run"));
}

TEST_F(PluginPolicyTest, AllowlistsKnowCommandsAndPaths) {
  const auto listed = [&](const std::string& entry) {
    return check("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- " + entry + "\n")
        .has_value();
  };
  EXPECT_TRUE(listed("command: login"));
  EXPECT_TRUE(listed("name: login"));
  EXPECT_TRUE(listed("command: " + m_program));
  EXPECT_FALSE(listed("command: other"));
  EXPECT_FALSE(listed("command: /elsewhere/login"));
}

TEST_F(PluginPolicyTest, RulesThatMakeNoSenseAllowNothing) {
  for (const char* fields :
       {"credentialPluginPolicy: Perhaps\n", "credentialPluginPolicy: Allowlist\n",
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []\n",
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]\n",
        "credentialPluginAllowlist: [{command: login}]\n", "credentialPluginPolicy: [\n"}) {
    const auto checked = check(fields);
    ASSERT_FALSE(checked.has_value()) << fields;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_input) << fields;
    EXPECT_THAT(checked.error().to_string(), HasSubstr(".kube/kuberc:"));
  }
}

TEST_F(PluginPolicyTest, TheEnvironmentChoosesTheFile) {
  ASSERT_FALSE(check("credentialPluginPolicy: DenyAll\n").has_value());
  const auto now = [&] {
    return check_plugin_policy("login", m_program, m_outside.context).has_value();
  };
  m_outside.env["KUBERC"] = "off";
  EXPECT_TRUE(now());
  m_outside.env["KUBERC"] = m_outside.write("other", "kind: Preference\n");
  EXPECT_TRUE(now());
  m_outside.env["KUBERC"] = "/no/such/file";
  EXPECT_FALSE(now());
  m_outside.env.erase("KUBERC");
  EXPECT_FALSE(now());
  m_outside.env["KUBECTL_KUBERC"] = "false";
  EXPECT_TRUE(now());
}

TEST_F(PluginPolicyTest, OtherDocumentsAreNotRules) {
  m_outside.write(".kube/kuberc",
                  "kind: Something\n---\napiVersion: kubectl.config.k8s.io/v1\nkind: Preference\n"
                  "credentialPluginPolicy: DenyAll\n");
  EXPECT_FALSE(check_plugin_policy("login", m_program, m_outside.context).has_value());
}

}  // namespace
}  // namespace kai::kube
