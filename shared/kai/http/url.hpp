// The parts of an http(s) URL that the transport needs one by one. Private to kai/http.
#pragma once

#include <kai/base/result.hpp>

#include <string>
#include <string_view>

namespace kai::http {

struct Url {
  std::string scheme;  // "http" or "https", in lower case; other schemes for proxies
  std::string user;    // "user:password" as written, still percent-encoded; may be empty
  std::string host;    // in lower case; IPv6 addresses without their brackets
  std::string port;    // never empty: the scheme's when the URL has none
  std::string target;  // path and query, beginning with "/"

  // "host:port", IPv6 in brackets.
  [[nodiscard]] std::string authority() const;
  // Without the user and the scheme's own port: fit for messages and logs.
  [[nodiscard]] std::string to_string() const;
};

// Errors: invalid_input. The query is taken as it is.
Result<Url> parse_url(std::string_view text);

// The same for a proxy: "host:port" alone means http://, and socks5 is a scheme too.
Result<Url> parse_proxy_url(std::string_view text);

// "host:port", with brackets around an IPv6 address.
std::string join_host_port(std::string_view host, std::string_view port);

}  // namespace kai::http
