#include <gtest/gtest.h>
#include <kai/http/transport.hpp>

namespace kai::http {
namespace {

TEST(Response, FindsHeadersInAnyCase) {
  Response response;
  response.headers = {{"content-type", "a"}, {"Warning", "b"}, {"warning", "c"}};
  EXPECT_EQ(response.header("Content-Type"), "a");
  EXPECT_EQ(response.header("WARNING"), "b");
  EXPECT_EQ(response.header("Content"), "");
}

TEST(Method, IsWrittenAsHttpDoes) {
  EXPECT_EQ(to_string(Method::del), "DELETE");
  EXPECT_EQ(to_string(Method::patch), "PATCH");
}

}  // namespace
}  // namespace kai::http
