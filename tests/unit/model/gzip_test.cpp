#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/gzip.hpp>

#include <string>

namespace kai::model {
namespace {

using testing::HasSubstr;

std::string compressed(std::string_view text) {
  std::string out;
  GzipWriter writer([&](std::string_view bytes) -> Result<> {
    out += bytes;
    return {};
  });
  // In two parts, as it comes.
  EXPECT_TRUE(writer.write(text.substr(0, text.size() / 2)));
  EXPECT_TRUE(writer.write(text.substr(text.size() / 2)));
  EXPECT_TRUE(writer.finish());
  return out;
}

Result<std::string> expanded(std::string_view bytes, std::size_t step) {
  std::string out;
  GzipReader reader([&](std::string_view more) -> Result<> {
    out += more;
    return {};
  });
  while (!bytes.empty()) {
    KAI_TRY(reader.write(bytes.substr(0, step)));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  KAI_TRY(reader.finish());
  return out;
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

TEST(Gzip, GivesBackWhatItWasGiven) {
  for (const std::size_t size : {0U, 1U, 1000U, 100'000U, 3'000'000U}) {
    const std::string text = text_of(size);
    const std::string bytes = compressed(text);
    for (const std::size_t step : {std::size_t{997}, std::size_t{1} << 20U}) {
      const auto back = expanded(bytes, step);
      ASSERT_TRUE(back) << back.error().to_string();
      EXPECT_TRUE(*back == text) << size;
    }
  }
}

TEST(Gzip, RefusesWhatIsDamaged) {
  const std::string bytes = compressed(text_of(10'000));
  EXPECT_THAT(expanded("kind: Pod\n", 4).error().message, HasSubstr("not in gzip's format"));
  EXPECT_THAT(expanded(bytes.substr(0, bytes.size() - 1), 100).error().message,
              HasSubstr("ends too early"));
  EXPECT_THAT(expanded("", 1).error().message, HasSubstr("ends too early"));
  EXPECT_THAT(expanded(bytes + "x", 100).error().message, HasSubstr("behind the end"));
  std::string broken = bytes;
  broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
  const auto read = expanded(broken, 100);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
}

TEST(Gzip, StopsWithTheErrorOfItsSink) {
  const ByteSink full = [](std::string_view) -> Result<> { return fail(ErrorCode::io, "full"); };
  GzipWriter writer(full);
  const auto written = writer.write("a");
  const auto finished = writer.finish();
  EXPECT_TRUE(!written || !finished);
  GzipReader reader(full);
  EXPECT_EQ(reader.write(compressed("abc")).error().message, "full");
}

}  // namespace
}  // namespace kai::model
