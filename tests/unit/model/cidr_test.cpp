#include <gtest/gtest.h>
#include <kai/model/cidr.hpp>

namespace kai::model {
namespace {

bool contains(std::string_view block, std::string_view other) {
  const auto outer = Cidr::parse(block);
  const auto inner =
      other.find('/') == std::string_view::npos ? Cidr::parse_address(other) : Cidr::parse(other);
  EXPECT_TRUE(outer) << block;
  EXPECT_TRUE(inner) << other;
  return outer && inner && outer->contains(*inner);
}

TEST(Cidr, Contains) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "10.1.0.0/16"));
  EXPECT_TRUE(contains("10.0.0.7/8", "10.0.0.0/8"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(contains("192.168.1.128/25", "192.168.1.200"));
  EXPECT_TRUE(contains("fd00::/9", "fd7f::1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_FALSE(contains("10.1.0.0/16", "10.0.0.0/8"));
  EXPECT_FALSE(contains("192.168.1.128/25", "192.168.1.127"));
  EXPECT_FALSE(contains("fd00::/9", "fd80::1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
}

TEST(Cidr, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8 ",
        "010.0.0.0/8", "fd00::/129", "::g/8", "/8", "10.0.0.0/0x8"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
  EXPECT_FALSE(Cidr::parse_address(std::string_view("10.0.0.1\0", 9)));
}

}  // namespace
}  // namespace kai::model
