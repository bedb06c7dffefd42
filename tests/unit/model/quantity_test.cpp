#include <gtest/gtest.h>
#include <kai/model/quantity.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace kai::model {
namespace {

constexpr auto k_int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto k_int64_min = std::numeric_limits<std::int64_t>::min();

Quantity quantity(std::string_view text) {
  return Quantity::parse(text).value();
}

struct Case {
  const char* text;
  const char* canonical;
  std::int64_t value;
  std::int64_t milli_value;
};

// Canonical forms as apimachinery's Quantity prints them after arithmetic.
TEST(Quantity, HasKubernetesCanonicalForm) {
  const std::vector<Case> cases = {
      {"0", "0", 0, 0},
      {"0Gi", "0", 0, 0},
      {"-0", "0", 0, 0},
      {"0.0", "0", 0, 0},
      {"0e5", "0", 0, 0},
      {"1", "1", 1, 1000},
      {"+1", "1", 1, 1000},
      {"01", "1", 1, 1000},
      {"-1", "-1", -1, -1000},
      {"100m", "100m", 1, 100},
      {"1000m", "1", 1, 1000},
      {"1500m", "1500m", 2, 1500},
      {"1.5", "1500m", 2, 1500},
      {"1.500", "1500m", 2, 1500},
      {".5", "500m", 1, 500},
      {"5.", "5", 5, 5000},
      {"-0.5", "-500m", -1, -500},
      {"0.5m", "500u", 1, 1},
      {"1u", "1u", 1, 1},
      {"1k", "1k", 1000, 1'000'000},
      {"1000k", "1M", 1'000'000, 1'000'000'000},
      {"0.001M", "1k", 1000, 1'000'000},
      {"1024", "1024", 1024, 1'024'000},
      {"1.5E", "1500P", 1'500'000'000'000'000'000, k_int64_max},
      {"100E", "100E", k_int64_max, k_int64_max},
      {"1Ki", "1Ki", 1024, 1'024'000},
      {"03Gi", "3Gi", 3'221'225'472, 3'221'225'472'000},
      {"+3Gi", "3Gi", 3'221'225'472, 3'221'225'472'000},
      {"1.5Gi", "1536Mi", 1'610'612'736, 1'610'612'736'000},
      {"-1.5Gi", "-1536Mi", -1'610'612'736, -1'610'612'736'000},
      {"1024Mi", "1Gi", 1'073'741'824, 1'073'741'824'000},
      {"1023.Gi", "1023Gi", 1'098'437'885'952, 1'098'437'885'952'000},
      {"0.5Ki", "512", 512, 512'000},
      {"0.1Gi", "107374182400m", 107'374'183, 107'374'182'400},
      {"0.001Ki", "1024m", 2, 1024},
      {"0.00000000001Ki", "11n", 1, 1},
      {"8Ei", "9223372036854775807", k_int64_max, k_int64_max},
      {"-16Ei", "-9223372036854775807", -k_int64_max, k_int64_min},
      {"7Ei", "7Ei", 8'070'450'532'247'928'832, k_int64_max},
      {"1e3", "1e3", 1000, 1'000'000},
      {"1E3", "1e3", 1000, 1'000'000},
      {"1e+3", "1e3", 1000, 1'000'000},
      {"12e6", "12e6", 12'000'000, 12'000'000'000},
      {"1.5e3", "1500", 1500, 1'500'000},
      {"1e1", "10", 10, 10'000},
      {"1e2", "100", 100, 100'000},
      {"10e10", "100e9", 100'000'000'000, 100'000'000'000'000},
      {"1e-3", "1e-3", 1, 1},
      {"1e30", "100e27", k_int64_max, k_int64_max},
      {"123456789012345678901", "123456789012345678901", k_int64_max, k_int64_max},
      {"9223372036854775807", "9223372036854775807", k_int64_max, k_int64_max},
      {"9223372036854775808", "9223372036854775808", k_int64_max, k_int64_max},
      // Finer than nano: rounded up, away from zero.
      {"0.0000000001", "1n", 1, 1},
      {"-0.1n", "-1n", -1, -1},
      {"1e-12", "1e-9", 1, 1},
      {"1.0000000001", "1000000001n", 2, 1001},
      {"0.99999999999", "1", 1, 1000},
      // A number without digits is zero.
      {".", "0", 0, 0},
      {"-", "0", 0, 0},
      {"m", "0", 0, 0},
  };
  for (const Case& expected : cases) {
    const auto parsed = Quantity::parse(expected.text);
    ASSERT_TRUE(parsed) << expected.text;
    EXPECT_EQ(parsed->to_string(), expected.canonical) << expected.text;
    EXPECT_EQ(parsed->value(), expected.value) << expected.text;
    EXPECT_EQ(parsed->milli_value(), expected.milli_value) << expected.text;
  }
}

TEST(Quantity, CanonicalFormReadsBackAsTheSameAmount) {
  for (const char* const text : {"1.5Gi", "0.1Gi", "100m", "1e3", "-7u", "123456789", "8Ei", "3E",
                                 "1.0000000001", "12.5Ti", "-0.001", "999e9", "1025"}) {
    const Quantity original = quantity(text);
    EXPECT_EQ(quantity(original.to_string()), original) << text;
    EXPECT_EQ(quantity(original.to_string()).to_string(), original.to_string()) << text;
  }
}

TEST(Quantity, RefusesWhatKubernetesRefuses) {
  for (const std::string_view text : {"",
                                      " ",
                                      " 1",
                                      "1 ",
                                      "1e",
                                      "1Ee",
                                      "1.2.3",
                                      "1i",
                                      "1ki",
                                      "1K",
                                      "1mi",
                                      "1e3Ki",
                                      "1m5",
                                      "--1",
                                      "+-1",
                                      "1-",
                                      "1e--3",
                                      "1e+-3",
                                      "0x10",
                                      "1_000",
                                      "1,5",
                                      "Infinity",
                                      "NaN",
                                      "1KiKi",
                                      "1eE",
                                      "1e3.5",
                                      ".e-10",
                                      "Ei",
                                      "eE",
                                      "1\n",
                                      "1e99999999999999999999"}) {
    EXPECT_FALSE(Quantity::parse(text)) << text;
  }
  EXPECT_EQ(Quantity::parse("1Gb").error().message, "invalid quantity \"1Gb\"");
}

TEST(Quantity, TakesAnyLengthAndExponent) {
  EXPECT_EQ(quantity(std::string(5000, '0') + "5").to_string(), "5");
  EXPECT_EQ(quantity("0." + std::string(5000, '0') + "5").to_string(), "1n");
  EXPECT_EQ(quantity(std::string(5000, '9')).value(), k_int64_max);
  EXPECT_EQ(quantity("1e2000000000").value(), k_int64_max);
  EXPECT_EQ(quantity("1e-2000000000").to_string(), "1e-9");
  EXPECT_EQ(quantity("0e2000000000").to_string(), "0");
  EXPECT_EQ(quantity("0." + std::string(40, '3') + "Ei").value(), 384'307'168'202'282'326);
}

TEST(Quantity, ReadsJsonFields) {
  EXPECT_EQ(Quantity::from_json(Json("500m")).value(), quantity("500m"));
  EXPECT_EQ(Quantity::from_json(Json(" 2Gi ")).value(), quantity("2Gi"));
  EXPECT_EQ(Quantity::from_json(Json(4)).value(), quantity("4"));
  EXPECT_EQ(Quantity::from_json(Json(0.5)).value(), quantity("500m"));
  EXPECT_EQ(Quantity::from_json(Json()).value(), Quantity());
  EXPECT_FALSE(Quantity::from_json(Json("")));
  EXPECT_FALSE(Quantity::from_json(Json("  ")));
  EXPECT_FALSE(Quantity::from_json(Json(true)));
  EXPECT_FALSE(Quantity::from_json(Json::array()));
}

TEST(Quantity, AddsExactly) {
  EXPECT_EQ((quantity("0.1") + quantity("0.2")), quantity("300m"));
  EXPECT_EQ((quantity("1Gi") + quantity("1Gi")).to_string(), "2Gi");
  EXPECT_EQ((quantity("1Gi") + quantity("1")).to_string(), "1073741825");
  EXPECT_EQ((quantity("1Gi") + quantity("1M")).to_string(), "1074741824");
  EXPECT_EQ((quantity("1M") + quantity("1Gi")).to_string(), "1074741824");
  EXPECT_EQ((quantity("1k") + quantity("24")).to_string(), "1024");
  EXPECT_EQ((quantity("0") + quantity("1Ki")).to_string(), "1Ki");  // zero takes the other's format
  EXPECT_EQ((quantity("1") - quantity("1Ki")).to_string(), "-1023");
  EXPECT_EQ((quantity("8Ei") + quantity("8Ei")).value(), k_int64_max);
  Quantity sum;
  for (int i = 0; i < 1000; ++i) sum += quantity("1m");
  EXPECT_EQ(sum, Quantity::of(1));
  Quantity huge = quantity("1e40");
  huge += huge;
  EXPECT_EQ(huge, quantity("1e40"));
  Quantity low = quantity("-1e40");
  low -= quantity("1e40");
  EXPECT_EQ(low, quantity("-1e40"));
}

TEST(Quantity, ComparesAmounts) {
  EXPECT_EQ(quantity("1024Mi"), quantity("1Gi"));
  EXPECT_EQ(quantity("1000m"), quantity("1"));
  EXPECT_LT(quantity("1G"), quantity("1Gi"));
  EXPECT_LT(quantity("-1"), quantity("0"));
  EXPECT_GT(quantity("1n"), Quantity());
  EXPECT_TRUE(quantity("0").is_zero());
  EXPECT_FALSE(quantity("1n").is_zero());
  EXPECT_TRUE(quantity("2").is_whole());
  EXPECT_TRUE(quantity("2000m").is_whole());
  EXPECT_FALSE(quantity("1.5").is_whole());
  EXPECT_EQ(quantity("0.5Ki").format(), Quantity::Format::binary_si);
  EXPECT_EQ(quantity("0.0001Ki").format(), Quantity::Format::decimal_si);
  EXPECT_EQ(quantity("1e3").format(), Quantity::Format::decimal_exponent);
}

}  // namespace
}  // namespace kai::model
