#include <gtest/gtest.h>
#include <kai/audit/facts/time.hpp>

namespace kai::audit {
namespace {

TEST(ParseTime, ReadsWhatKubernetesWrites) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), 1);
  EXPECT_EQ(parse_time("2026-02-28T23:59:59Z"), 1772323199);
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1709164800);
}

TEST(ParseTime, ReadsFractionsAndOffsets) {
  const auto noon = parse_time("2026-05-04T12:00:00Z");
  EXPECT_EQ(parse_time("2026-05-04T12:00:00.999999Z"), noon);
  EXPECT_EQ(parse_time("2026-05-04T14:00:00+02:00"), noon);
  EXPECT_EQ(parse_time("2026-05-04T06:30:00.5-05:30"), noon);
}

TEST(ParseTime, IsZeroForWhatIsNoTime) {
  for (const char* text : {"", "null", "2026-05-04", "2026-13-04T12:00:00Z", "2026-02-30T12:00:00Z",
                           "2026-05-04T12:00", "20x6-05-04T12:00:00Z", "2026-05-04T12:00:00+2",
                           "-026-05-04T12:00:00Z", "1960-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_time(text), 0) << text;
  }
}

TEST(FormatTime, IsReadAgain) {
  for (const char* text :
       {"2026-05-04T01:02:03Z", "1999-12-31T23:59:59Z", "2024-02-29T00:00:00Z"}) {
    EXPECT_EQ(format_time(parse_time(text)), text);
  }
  EXPECT_EQ(format_time(0), "");
}

TEST(FormatAge, RoundsDownInTheUnitThatFits) {
  EXPECT_EQ(format_age(-5), "0s");
  EXPECT_EQ(format_age(119), "119s");
  EXPECT_EQ(format_age(120), "2m");
  EXPECT_EQ(format_age(119 * 60 + 59), "119m");
  EXPECT_EQ(format_age(120 * 60), "2h");
  EXPECT_EQ(format_age(47 * 3600), "47h");
  EXPECT_EQ(format_age(48 * 3600), "2d");
  EXPECT_EQ(format_age(400 * 86400), "400d");
}

}  // namespace
}  // namespace kai::audit
