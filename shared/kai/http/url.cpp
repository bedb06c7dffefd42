#include <kai/http/url.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kai::http {

namespace {

struct Scheme {
  std::string_view name;
  std::string_view port;
};
constexpr std::array k_web = {Scheme{"http", "80"}, Scheme{"https", "443"}};
// Go's socks5 lets the proxy resolve names, as socks5h does for curl.
constexpr std::array k_proxy = {Scheme{"http", "80"}, Scheme{"https", "443"},
                                Scheme{"socks5", "1080"}, Scheme{"socks5h", "1080"}};

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <std::size_t N>
Result<Url> parse(std::string_view text, const std::array<Scheme, N>& schemes) {
  const auto malformed = [&](std::string_view why) {
    // A password must not get into the message.
    const std::size_t at = text.rfind('@');
    const std::string_view shown = at == std::string_view::npos ? text : text.substr(at + 1);
    return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is no usable URL: {}", shown, why));
  };
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' && c >= 0; })) {
    return malformed("it contains a space or a control character");
  }
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos) return malformed("no scheme such as https://");
  Url url;
  url.scheme = to_lower(text.substr(0, separator));
  const auto scheme = std::find_if(schemes.begin(), schemes.end(),
                                   [&](const Scheme& known) { return known.name == url.scheme; });
  if (scheme == schemes.end()) {
    return malformed(fmt::format("the scheme \"{}\" is not supported", url.scheme));
  }
  std::string_view rest = text.substr(separator + 3);
  const std::size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  std::string_view target = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  target = target.substr(0, target.find('#'));
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);

  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return malformed("a \"]\" is missing");
    url.host = to_lower(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return malformed("text follows the \"]\"");
  } else {
    const std::size_t colon = authority.find(':');
    url.host = to_lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (port.starts_with(':')) port.remove_prefix(1);
  if (!port.empty() && !is_port(port)) {
    return malformed(fmt::format("\"{}\" is no port", port));
  }
  if (url.host.empty()) return malformed("it names no host");
  url.port = port.empty() ? std::string(scheme->port) : std::string(port);
  return url;
}

}  // namespace

std::string join_host_port(std::string_view host, std::string_view port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Url::authority() const {
  return join_host_port(host, port);
}

std::string Url::to_string() const {
  std::string place = authority();
  for (const Scheme& known : k_proxy) {
    if (known.name == scheme && known.port == port) place.resize(place.rfind(':'));
  }
  return fmt::format("{}://{}{}", scheme, place, target);
}

Result<Url> parse_url(std::string_view text) {
  return parse(text, k_web);
}

Result<Url> parse_proxy_url(std::string_view text) {
  const std::string with_scheme = text.find("://") == std::string_view::npos
                                      ? fmt::format("http://{}", text)
                                      : std::string(text);
  return parse(with_scheme, k_proxy);
}

}  // namespace kai::http
