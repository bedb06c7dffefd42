// What --from and --to name: a pod, or an address, with a port behind --to. Pure functions.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/cidr.hpp>
#include <kai/model/network_policy.hpp>

#include <optional>
#include <string>
#include <variant>

namespace kai::policy {

struct PodName {
  std::string ns;  // empty: none was given
  std::string name;
  bool operator==(const PodName&) const = default;
};

using Target = std::variant<PodName, model::Cidr>;

// "team/web", "web", "10.0.0.1", "fd00::1", "[fd00::1]". Errors: usage.
Result<Target> parse_source(const std::string& text);

struct Destination {
  Target target;
  int port = 0;           // 0: by its name
  std::string port_name;  // of a container's port
  std::optional<model::Protocol> protocol;
};

// The same with ":PORT" or ":PORT/PROTOCOL" behind it; the port of a pod may be a name, an
// IPv6 address stands in brackets. Errors: usage.
Result<Destination> parse_destination(const std::string& text);

}  // namespace kai::policy
