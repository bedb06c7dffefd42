#include <gtest/gtest.h>
#include <kai/base/context.hpp>

#include <istream>
#include <sstream>
#include <streambuf>
#include <system_error>

namespace kai {
namespace {

TEST(ReadToEnd, TakesWhatIsLeft) {
  std::istringstream in("one\ntwo");
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(read_to_end(in).value(), "two");
  EXPECT_EQ(read_to_end(in).value(), "");
}

// Breaks off after some text, as a buffer does whose read fails.
class Broken final : public std::streambuf {
 public:
  explicit Broken(std::errc why) : m_why(why) { setg(m_text, m_text, m_text + sizeof m_text); }

 private:
  int_type underflow() override {
    throw std::ios_base::failure("broken", std::make_error_code(m_why));
  }
  std::errc m_why;
  char m_text[4] = {'h', 'a', 'l', 'f'};
};

TEST(ReadToEnd, HalfATextIsNoText) {
  Broken interrupted(std::errc::interrupted);
  std::istream first(&interrupted);
  EXPECT_EQ(read_to_end(first).error().code, ErrorCode::cancelled);

  Broken directory(std::errc::is_a_directory);
  std::istream second(&directory);
  const auto result = read_to_end(second);
  EXPECT_EQ(result.error().code, ErrorCode::io);
  EXPECT_EQ(result.error().message, "the input cannot be read: Is a directory");
}

// Never ends.
class Endless final : public std::streambuf {
  int_type underflow() override {
    setg(m_text, m_text, m_text + sizeof m_text);
    return traits_type::to_int_type(m_text[0]);
  }
  char m_text[100] = {};
};

TEST(ReadToEnd, IsBounded) {
  Endless endless;
  std::istream stream(&endless);
  const auto result = read_to_end(stream, 200'000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(result.error().message, "the input is larger than 200000 bytes");

  const std::string text(200'000, 'x');
  std::istringstream whole(text);
  EXPECT_EQ(read_to_end(whole, text.size()).value(), text);
  std::istringstream one_more(text + "x");
  EXPECT_FALSE(read_to_end(one_more, text.size()));
}

}  // namespace
}  // namespace kai
