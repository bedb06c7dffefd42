#include <arpa/inet.h>
#include <fmt/format.h>
#include <kai/http/proxy.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace kai::http {

namespace {

// An IP address as IPv6, IPv4 ones mapped.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(const std::string& text) {
  Address address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  if (inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1) {
    address[10] = address[11] = 0xff;
    return address;
  }
  return std::nullopt;
}

bool is_loopback(const Address& address) {
  constexpr Address k_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::array<std::uint8_t, 13> k_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  return address == k_v6 || std::equal(k_v4.begin(), k_v4.end(), address.begin());
}

bool same_network(const Address& a, const Address& b, int bits) {
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i, bits -= 8) {
    const int shift = std::max(0, 8 - bits);
    if ((a[i] >> shift) != (b[i] >> shift)) return false;
  }
  return true;
}

// nullopt when the text is no network in CIDR notation.
std::optional<bool> in_network(const std::optional<Address>& address, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string base(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);
  const std::optional<Address> network = parse_address(base);
  int bits = 0;
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), bits);
  const bool is_v4 = base.find(':') == std::string::npos;
  if (!network || parsed.ec != std::errc() || parsed.ptr != length.data() + length.size() ||
      bits < 0 || bits > (is_v4 ? 32 : 128)) {
    return std::nullopt;
  }
  return address && same_network(*address, *network, is_v4 ? bits + 96 : bits);
}

bool ends_with_domain(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

// One entry of NO_PROXY, trimmed and in lower case.
bool entry_matches(std::string_view entry, const Url& url, const std::optional<Address>& address) {
  if (entry == "*") return true;
  if (const std::optional<bool> inside = in_network(address, entry)) return *inside;

  std::string_view host = entry;
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) return false;
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
    if (port.starts_with(':')) port.remove_prefix(1);
  } else if (std::count(host.begin(), host.end(), ':') == 1) {
    const std::size_t colon = host.find(':');
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.empty() || (!port.empty() && port != url.port)) return false;
  if (const std::optional<Address> named = parse_address(std::string(host))) {
    return address == named;
  }
  if (host.starts_with("*.")) host.remove_prefix(1);
  if (host.starts_with('.')) return ends_with_domain(url.host, host.substr(1));
  return url.host == host || ends_with_domain(url.host, host);
}

bool bypasses_proxy(const Url& url, std::string_view no_proxy) {
  const std::optional<Address> address = parse_address(url.host);
  if (url.host == "localhost" || (address && is_loopback(*address))) return true;
  while (!no_proxy.empty()) {
    const std::size_t comma = no_proxy.find(',');
    std::string entry;
    for (const char c : no_proxy.substr(0, comma)) {
      if (c == ' ' || c == '\t') continue;
      entry += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (!entry.empty() && entry_matches(entry, url, address)) return true;
    no_proxy = comma == std::string_view::npos ? std::string_view() : no_proxy.substr(comma + 1);
  }
  return false;
}

struct Variable {
  std::string_view name;
  std::string value;
};

// The first of two variables that is set and not empty.
Variable first_of(const Environment& env, std::string_view upper, std::string_view lower) {
  for (const std::string_view name : {upper, lower}) {
    if (std::optional<std::string> value = env(name); value && !value->empty()) {
      return {name, *std::move(value)};
    }
  }
  return {};
}

}  // namespace

Result<std::string> proxy_from_environment(const Url& url, const Environment& env) {
  if (!env) return std::string();
  const Variable proxy = url.scheme == "https" ? first_of(env, "HTTPS_PROXY", "https_proxy")
                                               : first_of(env, "HTTP_PROXY", "http_proxy");
  if (proxy.value.empty() || bypasses_proxy(url, first_of(env, "NO_PROXY", "no_proxy").value)) {
    return std::string();
  }
  if (Result<Url> parsed = parse_proxy_url(proxy.value); !parsed) {
    return fail(std::move(parsed)
                    .error()
                    .while_doing(fmt::format("reading ${}", proxy.name))
                    .with_hint(fmt::format("set {} to a URL such as http://host:port, or unset it",
                                           proxy.name)));
  }
  return proxy.value;
}

}  // namespace kai::http
