// Which proxy a request goes through, by the environment. Private to kai/http.
//
// Follows Go's golang.org/x/net/http/httpproxy, and with it kubectl, where curl
// differs: no ALL_PROXY, HTTP_PROXY in capitals too, never a proxy for loopback
// addresses, ports and networks in NO_PROXY.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/http/url.hpp>

#include <string>

namespace kai::http {

// The proxy's URL, or "" for a direct connection. Errors: invalid_input, naming the variable.
Result<std::string> proxy_from_environment(const Url& url, const Environment& env);

}  // namespace kai::http
