#include <gtest/gtest.h>
#include <kai/model/names.hpp>

#include <string>
#include <vector>

namespace kai::model {
namespace {

const std::string k_63(63, 'a');
const std::string k_64(64, 'a');

TEST(LabelKey, FollowsKubernetes) {
  for (const std::string& key :
       {std::string("a"), std::string("nvidia.com/gpu.present"), std::string("A_b-c.1"), k_63,
        "example.org/" + k_63, std::string("1"), std::string("a.b-c.d/X")}) {
    EXPECT_TRUE(check_label_key(key)) << key;
  }
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("/a"), std::string("a/"), std::string("a/b/c"),
        std::string("-a"), std::string("a-"), std::string("a b"), std::string("Example.org/a"),
        std::string("a_b/c"), std::string("a..b/c"), k_64, "x/" + k_64,
        std::string(254, 'a') + "/a", std::string("ä"), std::string("a\n")}) {
    EXPECT_FALSE(check_label_key(key)) << key;
  }
}

TEST(LabelValue, FollowsKubernetes) {
  for (const std::string& value :
       {std::string(), std::string("true"), std::string("A100-SXM4_40.GB"), k_63}) {
    EXPECT_TRUE(check_label_value(value)) << value;
  }
  for (const std::string& value : {std::string("-"), std::string("a/b"), std::string("a b"), k_64,
                                   std::string("_a"), std::string("a.")}) {
    EXPECT_FALSE(check_label_value(value)) << value;
  }
}

TEST(DnsNames, FollowKubernetes) {
  EXPECT_TRUE(check_dns_label("a-1"));
  EXPECT_TRUE(check_dns_label(k_63));
  EXPECT_FALSE(check_dns_label(k_64));
  EXPECT_FALSE(check_dns_label(""));
  EXPECT_FALSE(check_dns_label("A"));
  EXPECT_FALSE(check_dns_label("a_b"));
  EXPECT_EQ(check_dns_label("a.b").error().message, "invalid name \"a.b\": must not contain dots");
  EXPECT_TRUE(check_dns_subdomain("gpu-a.example.org"));
  EXPECT_TRUE(check_dns_subdomain(std::string(253, 'a')));
  EXPECT_FALSE(check_dns_subdomain(std::string(254, 'a')));
  EXPECT_FALSE(check_dns_subdomain("a..b"));
  EXPECT_FALSE(check_dns_subdomain(".a"));
  EXPECT_FALSE(check_dns_subdomain("a."));
  EXPECT_FALSE(check_dns_subdomain("a.-b"));
}

TEST(Names, ErrorsNameTheText) {
  EXPECT_EQ(check_label_key("a b").error().message,
            "invalid label key \"a b\": the name must consist of alphanumeric characters, '-', '_' "
            "or '.', and must start and end with an alphanumeric character");
}

TEST(NearestName, FindsWhatWasMeant) {
  const std::vector<std::string> known = {
      "gpu-a.example.org", "gpu-b.example.org", "setup", "status", "plan", "undo", "namespaces"};
  EXPECT_EQ(nearest_name("gpu-a.exmaple.org", known), "gpu-a.example.org");
  EXPECT_EQ(nearest_name("staus", known), "status");
  EXPECT_EQ(nearest_name("paln", known), "plan");
  EXPECT_EQ(nearest_name("SETUP", known), "setup");
  EXPECT_EQ(nearest_name("namespace", known), "namespaces");
  EXPECT_EQ(nearest_name("delete", known), std::nullopt);
  EXPECT_EQ(nearest_name("", known), std::nullopt);
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{"y"}), std::nullopt);
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{}), std::nullopt);
}

}  // namespace
}  // namespace kai::model
