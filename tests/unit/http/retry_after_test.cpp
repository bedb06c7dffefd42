#include <gtest/gtest.h>
#include <kai/http/retry_after.hpp>

namespace kai::http {
namespace {

using std::chrono::milliseconds;

TEST(RetryAfter, ReadsSecondsAndDates) {
  const auto now = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + std::chrono::hours(8) +
                   std::chrono::minutes(49);
  EXPECT_EQ(parse_retry_after("0", now), milliseconds(0));
  EXPECT_EQ(parse_retry_after("120", now), milliseconds(120'000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), milliseconds(37'000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:40:00 GMT", now), milliseconds(0));
}

TEST(RetryAfter, RejectsEverythingElse) {
  for (const char* text : {"", "soon", "-1", "1.5", " 1", "99999999999999999999",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 25:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_EQ(parse_retry_after(text, {}), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kai::http
