#include <gtest/gtest.h>
#include <kai/kube/encoding.hpp>

namespace kai::kube {
namespace {

TEST(EncodingTest, Base64RoundTrips) {
  // RFC 4648, section 10.
  const std::pair<std::string, std::string> k_cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\0\xff\x7f\x80", 4), "AP9/gA=="}};
  for (const auto& [plain, encoded] : k_cases) {
    EXPECT_EQ(encode_base64(plain), encoded);
    EXPECT_EQ(decode_base64(encoded), plain);
  }
}

TEST(EncodingTest, Base64MayBeBrokenIntoLinesButNotMalformed) {
  EXPECT_EQ(decode_base64("Zm9v\r\nYmFy\n"), "foobar");
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zg==Zg==", "Zm 9v", "Zm9-", "===="}) {
    EXPECT_FALSE(decode_base64(bad).has_value()) << bad;
  }
}

TEST(EncodingTest, UrlsKeepUnreservedCharactersOnly) {
  EXPECT_EQ(escape_url("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(escape_url("a/b?c=d&e #ü%"), "a%2Fb%3Fc%3Dd%26e%20%23%C3%BC%25");
}

TEST(EncodingTest, TimestampsHaveFractionsAndOffsets) {
  using std::chrono::nanoseconds;
  const auto base = parse_timestamp("2026-01-02T15:04:05Z");
  ASSERT_TRUE(base.has_value());
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::seconds>(base->time_since_epoch()).count(),
            1767366245);
  EXPECT_EQ(*parse_timestamp("2026-01-02T15:04:05.000000001Z") - *base, nanoseconds(1));
  EXPECT_EQ(*parse_timestamp("2026-01-02T15:04:05.5Z") - *base, nanoseconds(500'000'000));
  EXPECT_EQ(*parse_timestamp("2026-01-02T17:04:05+02:00"), *base);
  EXPECT_EQ(*parse_timestamp("2026-01-02T09:34:05-05:30"), *base);
  EXPECT_EQ(format_timestamp(std::chrono::floor<std::chrono::seconds>(*base)),
            "2026-01-02T15:04:05Z");
}

TEST(EncodingTest, WhatIsNoTimestamp) {
  for (const char* bad :
       {"", "2026", "2026-01-02", "2026-13-02T15:04:05Z", "2026-02-30T15:04:05Z",
        "2026-01-02T25:04:05Z", "2026-01-02T15:04:05", "2026-01-02T15:04:05.Z",
        "2026-01-02T15:04:05+2", "2026-01-02T15:04:05Zx", "2026-01-02 15:04:05Z"}) {
    EXPECT_FALSE(parse_timestamp(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace kai::kube
