#include "target.hpp"

#include <kai/model/names.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace kai::policy {

namespace {

constexpr int k_last_port = 65535;

tl::unexpected<Error> usage(std::string_view flag, const std::string& text, const std::string& why,
                            std::string_view hint) {
  return fail(Error(ErrorCode::usage, std::string(flag) + " \"" + text + "\": " + why)
                  .with_hint(std::string(hint)));
}

constexpr std::string_view k_from_hint =
    "write it as NAMESPACE/POD, or as an address: --from team/web, --from 10.0.0.1";
constexpr std::string_view k_to_hint =
    "write it as NAMESPACE/POD:PORT[/PROTOCOL], or with an address: --to team/web:8080, "
    "--to 10.0.0.1:53/UDP, --to [fd00::1]:443";

// Without its brackets; nullopt when it has none or has them wrong.
std::optional<std::string_view> in_brackets(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

struct Flag {
  std::string_view name;
  std::string_view hint;
};

Result<Target> parse_target(std::string_view part, const std::string& text, const Flag& flag) {
  const auto bracketed = in_brackets(part);
  if (const auto address = model::Cidr::parse_address(bracketed.value_or(part));
      address && (!bracketed || address->is_v6())) {
    return Target(*address);
  }
  if (part.find_first_of("[]:") != std::string_view::npos) {
    return usage(flag.name, text, "\"" + std::string(part) + "\" is neither a pod nor an address",
                 flag.hint);
  }
  PodName pod;
  const std::size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    pod.ns = part.substr(0, slash);
    if (const auto checked = model::check_dns_label(pod.ns); !checked) {
      return usage(flag.name, text, checked.error().message, flag.hint);
    }
  }
  pod.name = part.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (const auto checked = model::check_dns_subdomain(pod.name); !checked) {
    return usage(flag.name, text, checked.error().message, flag.hint);
  }
  return Target(std::move(pod));
}

std::optional<model::Protocol> protocol_of(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return model::parse_protocol(word);
}

}  // namespace

Result<Target> parse_source(const std::string& text) {
  constexpr Flag k_flag{"--from", k_from_hint};
  const bool is_address = model::Cidr::parse_address(text) || text.starts_with('[');
  if (const std::size_t colon = text.rfind(':'); !is_address && colon != std::string::npos) {
    return usage(k_flag.name, text, "a source has no port: policies look at the destination's",
                 k_flag.hint);
  }
  return parse_target(text, text, k_flag);
}

Result<Destination> parse_destination(const std::string& text) {
  constexpr Flag k_flag{"--to", k_to_hint};
  const auto wrong = [&](const std::string& why) {
    return usage(k_flag.name, text, why, k_flag.hint);
  };
  if (const auto address = model::Cidr::parse_address(text); address && address->is_v6()) {
    return wrong("it has no port, or an IPv6 address without brackets");
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.ends_with(']')) return wrong("it has no port");
  Destination destination;
  KAI_TRY_ASSIGN(destination.target,
                 parse_target(std::string_view(text).substr(0, colon), text, k_flag));
  std::string port = text.substr(colon + 1);
  if (const std::size_t slash = port.find('/'); slash != std::string::npos) {
    const std::string word = port.substr(slash + 1);
    destination.protocol = protocol_of(word);
    if (!destination.protocol) return wrong("\"" + word + "\" is none of TCP, UDP and SCTP");
    port.resize(slash);
  }
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), destination.port);
  if (parsed.ec == std::errc() && parsed.ptr == port.data() + port.size()) {
    if (destination.port < 1 || destination.port > k_last_port) {
      return wrong("a port is a number from 1 to 65535");
    }
    return destination;
  }
  destination.port = 0;
  if (!model::is_port_name(port)) return wrong("\"" + port + "\" is no port");
  if (std::holds_alternative<model::Cidr>(destination.target)) {
    return wrong("only pods have ports with names: give a number");
  }
  destination.port_name = std::move(port);
  return destination;
}

}  // namespace kai::policy
