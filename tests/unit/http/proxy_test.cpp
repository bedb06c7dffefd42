#include <gtest/gtest.h>
#include <kai/http/proxy.hpp>

#include <map>

namespace kai::http {
namespace {

Environment environment(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

std::string proxy_for(const std::string& url, const Environment& env) {
  return proxy_from_environment(parse_url(url).value(), env).value();
}

TEST(Proxy, IsTheOneOfTheScheme) {
  const Environment env = environment({{"HTTPS_PROXY", "http://s:1"}, {"http_proxy", "p:2"}});
  EXPECT_EQ(proxy_for("https://host/", env), "http://s:1");
  EXPECT_EQ(proxy_for("http://host/", env), "p:2");
  EXPECT_EQ(proxy_for("https://host/", environment({{"ALL_PROXY", "http://a:1"}})), "");
  EXPECT_EQ(proxy_for("https://host/", environment({{"HTTPS_PROXY", ""}, {"https_proxy", "b:1"}})),
            "b:1");
  EXPECT_EQ(proxy_for("https://host/", {}), "");
}

TEST(Proxy, IsNeverUsedForLoopback) {
  const Environment env = environment({{"HTTPS_PROXY", "p:1"}});
  for (const char* url : {"https://localhost:6443/", "https://127.0.0.1/", "https://127.8.8.8/",
                          "https://[::1]:6443/"}) {
    EXPECT_EQ(proxy_for(url, env), "") << url;
  }
  EXPECT_EQ(proxy_for("https://128.0.0.1/", env), "p:1");
}

TEST(Proxy, NoProxyMeansWhatItMeansForGo) {
  struct Case {
    const char* no_proxy;
    const char* url;
    bool direct;
  };
  for (const Case& one : {
           Case{"*", "https://any/", true},
           Case{"example.org", "https://example.org/", true},
           Case{"example.org", "https://api.Example.org/", true},
           Case{"example.org", "https://badexample.org/", false},
           Case{".example.org", "https://example.org/", false},
           Case{".example.org", "https://api.example.org/", true},
           Case{"*.example.org", "https://api.example.org/", true},
           Case{"a, b ,EXAMPLE.org", "https://example.org/", true},
           Case{"example.org:6443", "https://example.org/", false},
           Case{"example.org:6443", "https://example.org:6443/", true},
           Case{"10.0.0.0/8", "https://10.96.0.1/", true},
           Case{"10.0.0.0/8", "https://11.96.0.1/", false},
           Case{"10.96.0.0/12", "https://10.111.0.1/", true},
           Case{"10.96.0.0/12", "https://10.112.0.1/", false},
           Case{"10.0.0.0/8", "https://ten.example.org/", false},
           Case{"10.0.0.0/40", "https://10.0.0.1/", false},
           Case{"0.0.0.0/0", "https://192.0.2.1/", true},
           Case{"192.0.2.1", "https://192.0.2.1:6443/", true},
           Case{"192.0.2.1:443", "https://192.0.2.1:6443/", false},
           Case{"fd00::/8", "https://[fd12::1]/", true},
           Case{"fd00::/8", "https://[fe80::1]/", false},
           Case{"fd12::1", "https://[fd12:0:0::1]/", true},
           Case{"[fd12::1]:443", "https://[fd12::1]/", true},
           Case{"[fd12::1]:443", "https://[fd12::1]:444/", false},
           Case{",,", "https://host/", false},
       }) {
    const Environment env = environment({{"HTTPS_PROXY", "p:1"}, {"NO_PROXY", one.no_proxy}});
    EXPECT_EQ(proxy_for(one.url, env), one.direct ? "" : "p:1") << one.no_proxy << " " << one.url;
  }
}

TEST(Proxy, NamesTheVariableThatCannotBeUsed) {
  const auto result = proxy_from_environment(parse_url("https://host/").value(),
                                             environment({{"HTTPS_PROXY", "gopher://p"}}));
  EXPECT_NE(result.error().to_string().find("HTTPS_PROXY"), std::string::npos);
}

}  // namespace
}  // namespace kai::http
