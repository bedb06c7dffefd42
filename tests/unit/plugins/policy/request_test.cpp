#include "request.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace kai::policy {
namespace {

using test::profile_of;
using testing::Contains;
using testing::HasSubstr;

PolicyFlags flags_of(std::string_view ns) {
  PolicyFlags flags;
  flags.ns = ns;
  return flags;
}

TEST(PolicyRequest, FlagsMeanWhatTheProfileMeans) {
  PolicyFlags flags = flags_of("team");
  flags.pod_security = "restricted";
  flags.pod_security_version = "v1.34";
  flags.isolate = "both";
  flags.dns = true;
  flags.allow_from = {"monitoring:9100,metrics", "10.0.0.0/8:443", "fd00::/8"};
  flags.roles = {"ai-researcher=group:lab", "ai-researcher=ServiceAccount:ci/bot"};
  const auto request = make_request(flags, nullptr);
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->namespaces.size(), 1U);
  const Wanted& wanted = request->namespaces.front();
  EXPECT_FALSE(wanted.complete);
  EXPECT_EQ(wanted.pod_security->warn->level, "restricted");
  EXPECT_EQ(wanted.pod_security->audit->version, "v1.34");
  EXPECT_EQ(wanted.network->isolate, model::Isolation::both);
  const auto& peers = wanted.network->allow_from;
  ASSERT_EQ(peers.size(), 3U);
  EXPECT_EQ(peers[0].namespace_name, "monitoring");
  ASSERT_EQ(peers[0].ports.size(), 2U);
  EXPECT_EQ(peers[0].ports[1].name, "metrics");
  EXPECT_EQ(peers[1].cidr->to_string(), "10.0.0.0/8");
  EXPECT_EQ(peers[1].ports.front().port, 443);
  EXPECT_EQ(peers[2].cidr->to_string(), "fd00::/8");
  ASSERT_EQ(wanted.roles.size(), 1U);
  EXPECT_EQ(wanted.roles[0].subjects[1], (model::RoleSubject{"ServiceAccount", "bot", "ci"}));
}

TEST(PolicyRequest, TellsAllProblemsAtOnceByTheirFlags) {
  PolicyFlags flags = flags_of("Team");
  flags.pod_security = "strict";
  flags.isolate = "both";
  flags.allow_to = {"data:0"};
  flags.roles = {"ai-king=group:lab", "nobody"};
  const auto request = make_request(flags, nullptr);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::usage);
  for (const char* const words :
       {"--namespace", "--pod-security must be privileged", "--allow-to[0].ports[0] must be a port",
        "ai-king", "--role nobody must be ROLE=KIND:NAME"}) {
    EXPECT_THAT(request.error().message, HasSubstr(words));
  }
}

TEST(PolicyRequest, FlagsNeedWhatTheyAreAbout) {
  EXPECT_THAT(make_request({}, nullptr).error().message, HasSubstr("nothing is asked for"));
  PolicyFlags flags;
  flags.pod_security = "baseline";
  EXPECT_THAT(make_request(flags, nullptr).error().hint, HasSubstr("-n"));
  const model::Profile two = profile_of("{name: a}, {name: b}");
  EXPECT_THAT(make_request(flags, &two).error().message, HasSubstr("one namespace"));
  EXPECT_THAT(make_request(flags_of("c"), &two).error().message, HasSubstr("no namespace c"));
  flags = flags_of("a");
  flags.dns = true;
  EXPECT_THAT(make_request(flags, nullptr).error().message, HasSubstr("--dns needs isolate"));
}

TEST(PolicyRequest, FlagsOverrideTheProfile) {
  const model::Profile profile = profile_of(
      "{name: a, podSecurity: baseline, roles: [{name: ai-operator, subjects: [{kind: User, "
      "name: anna}]}]}, {name: b}");
  PolicyFlags flags = flags_of("a");
  flags.pod_security = "restricted";
  const auto request = make_request(flags, &profile);
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->namespaces.size(), 1U);
  EXPECT_EQ(request->namespaces[0].pod_security->enforce->level, "restricted");
  EXPECT_EQ(request->namespaces[0].roles.size(), 1U);
  EXPECT_TRUE(request->namespaces[0].complete);
}

TEST(PolicyRequest, LeavesTheClustersOwnNamespacesAlone) {
  const model::Profile profile = profile_of(
      "{name: kube-system, podSecurity: baseline}, {name: monitoring, podSecurity: "
      "baseline}, {name: velero}");
  PolicyFlags flags;
  auto request = make_request(flags, &profile);
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().message, HasSubstr("kube-system belongs to the cluster"));
  EXPECT_THAT(request.error().message, HasSubstr("monitoring is a namespace of infrastructure"));
  flags.force = true;
  request = make_request(flags, &profile);
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().message, Not(HasSubstr("monitoring")));
}

TEST(PolicyRequest, SaysWhatNobodyCanWant) {
  PolicyFlags flags = flags_of("team");
  flags.isolate = "both";
  const auto request = make_request(flags, nullptr);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_THAT(request->notes, Contains(HasSubstr("cuts the pods off from DNS")));
}

}  // namespace
}  // namespace kai::policy
