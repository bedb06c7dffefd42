#include "target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kai::policy {
namespace {

using testing::HasSubstr;

std::string text_of(const Target& target) {
  if (const auto* const pod = std::get_if<PodName>(&target)) return pod->ns + "|" + pod->name;
  return "ip " + std::get<model::Cidr>(target).to_string();
}

TEST(Target, Sources) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"team/web", "team|web"},           {"web", "|web"},           {"web-0.v1", "|web-0.v1"},
      {"10.0.0.1", "ip 10.0.0.1"},        {"fd00::1", "ip fd00::1"}, {"[fd00::1]", "ip fd00::1"},
      {"team/10.0.0.1", "team|10.0.0.1"},
  };
  for (const auto& [text, target] : cases) {
    const auto parsed = parse_source(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(text_of(*parsed), target) << text;
  }
}

TEST(Target, RefusesSources) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "--from \"\""},
      {"/", "--from \"/\""},
      {"team/", "--from"},
      {"/web", "--from"},
      {"a/b/c", "--from"},
      {"Team/web", "--from"},
      {"team/web:80", "a source has no port"},
      {"10.0.0.1:80", "a source has no port"},
      {"[10.0.0.1]", "neither a pod nor an address"},
      {"[fd00::1", "neither a pod nor an address"},
      {"[fd00::1]:80", "neither a pod nor an address"},
      {"fd00::g", "a source has no port"},
      {"10.0.0.0/8", "10.0.0.0"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = parse_source(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(message)) << text;
    EXPECT_FALSE(parsed.error().hint.empty()) << text;
  }
}

TEST(Target, Destinations) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"team/web:80", "team|web 80"},
      {"web:65535", "|web 65535"},
      {"web:1/TCP", "|web 1 TCP"},
      {"team/web:53/udp", "team|web 53 UDP"},
      {"team/web:7000/Sctp", "team|web 7000 SCTP"},
      {"team/web:http", "team|web http"},
      {"team/web:dns/UDP", "team|web dns UDP"},
      {"10.0.0.1:443", "ip 10.0.0.1 443"},
      {"[fd00::1]:443/TCP", "ip fd00::1 443 TCP"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_destination(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    std::string told = text_of(parsed->target) + " ";
    told += parsed->port_name.empty() ? std::to_string(parsed->port) : parsed->port_name;
    if (parsed->protocol) told += " " + std::string(to_string(*parsed->protocol));
    EXPECT_EQ(told, expected) << text;
  }
}

TEST(Target, RefusesDestinations) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "it has no port"},
      {"team/web", "it has no port"},
      {"10.0.0.1", "it has no port"},
      {"fd00::1", "brackets"},
      {"fd00::1:80", "brackets"},
      {"[fd00::1]", "it has no port"},
      {":80", "--to \":80\""},
      {"team/web:", "is no port"},
      {"team/web:/UDP", "is no port"},
      {"team/web:0", "from 1 to 65535"},
      {"team/web:65536", "from 1 to 65535"},
      {"team/web:99999999999", "is no port"},
      {"team/web:-1", "from 1 to 65535"},
      {"team/web:80/", "none of TCP, UDP and SCTP"},
      {"team/web:80/icmp", "none of TCP, UDP and SCTP"},
      {"team/web:80/TCP/UDP", "none of TCP, UDP and SCTP"},
      {"team/web:HTTP", "is no port"},
      {"10.0.0.1:http", "only pods have ports with names"},
      {"team/web:80:90", "neither a pod nor an address"},
      {"a/b/c:80", "--to"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = parse_destination(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace kai::policy
