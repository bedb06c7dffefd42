#include <gtest/gtest.h>
#include <kai/http/url.hpp>

namespace kai::http {
namespace {

TEST(Url, FindsItsParts) {
  const Url url = parse_url("HTTPS://Me:secret@API.Example.org/k8s/api?limit=5&a=b:c").value();
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.user, "Me:secret");
  EXPECT_EQ(url.host, "api.example.org");
  EXPECT_EQ(url.port, "443");
  EXPECT_EQ(url.target, "/k8s/api?limit=5&a=b:c");
  EXPECT_EQ(url.authority(), "api.example.org:443");
  EXPECT_EQ(url.to_string(), "https://api.example.org/k8s/api?limit=5&a=b:c");
}

TEST(Url, KeepsIpv6InBrackets) {
  const Url url = parse_url("http://[FD00::1]:6443?watch=1#here").value();
  EXPECT_EQ(url.host, "fd00::1");
  EXPECT_EQ(url.port, "6443");
  EXPECT_EQ(url.target, "/?watch=1");
  EXPECT_EQ(url.to_string(), "http://[fd00::1]:6443/?watch=1");
}

TEST(Url, RejectsWhatCannotBeReached) {
  for (const char* text : {"", "host:6443", "ftp://host/", "https://", "https:///path",
                           "https://host:port/", "https://host:123456/", "https://[::1/",
                           "https://[::1]x/", "https://a b/", "https://host/\nHeader: x"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, KeepsPasswordsOutOfMessages) {
  const auto result = parse_url("https://me:secret@host:port/");
  EXPECT_EQ(result.error().message.find("secret"), std::string::npos) << result.error().message;
}

TEST(ProxyUrl, MayLackAScheme) {
  EXPECT_EQ(parse_proxy_url("proxy:3128")->to_string(), "http://proxy:3128/");
  EXPECT_EQ(parse_proxy_url("socks5://proxy")->port, "1080");
  EXPECT_FALSE(parse_proxy_url("gopher://proxy"));
}

}  // namespace
}  // namespace kai::http
