#include <kai/model/names.hpp>
#include <kai/model/profile/sections.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr std::int64_t k_max_port = 65535;

constexpr Field k_peer[] = {
    {"namespace", Type::text},   {"pods", Type::text_map}, {"cidr", Type::text},
    {"except", Type::text_list}, {"ports", Type::any},
};

constexpr Field k_network[] = {
    {"isolate", Type::any},
    {"dns", Type::boolean},
    {"apiServer", Type::boolean},
    {"allowFrom", Type::mixed_list, k_peer},
    {"allowTo", Type::mixed_list, k_peer},
};

constexpr std::string_view k_port_forms = "must be a port such as 8080, 53/UDP, 8000-9000 or http";

std::optional<int> port_number(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  if (number < 1 || number > k_max_port) return std::nullopt;
  return static_cast<int>(number);
}

// IsValidPortName of apimachinery's validation.
bool is_port_name(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= 15 && text.front() != '-' && text.back() != '-' &&
         text.find("--") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), is_allowed) &&
         std::any_of(text.begin(), text.end(), is_letter);
}

std::optional<NetworkPort> read_port(const ProfileValue& value) {
  NetworkPort port;
  if (!value.json().is_string() && !value.json().is_number_integer()) {
    value.wrong_type("a port such as 8080, 53/UDP, 8000-9000 or http");
    return std::nullopt;
  }
  const std::string whole =
      value.json().is_string() ? value.text().value_or("") : value.json().dump();
  std::string_view text = whole;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    port.protocol = text.substr(slash + 1);
    text = text.substr(0, slash);
    if (port.protocol != "TCP" && port.protocol != "UDP" && port.protocol != "SCTP") {
      value.problem("has the protocol \"" + port.protocol + "\"; known are TCP, UDP and SCTP");
      return std::nullopt;
    }
  }
  const auto dash = text.find('-');
  if (const auto number = port_number(text)) {
    port.port = *number;
  } else if (is_port_name(text)) {
    port.name = text;
  } else if (const auto first = port_number(text.substr(0, dash));
             first && dash != std::string_view::npos && port_number(text.substr(dash + 1))) {
    port.port = *first;
    port.end_port = *port_number(text.substr(dash + 1));
    if (port.end_port < port.port) {
      value.problem("ends before it begins: \"" + whole + "\"");
      return std::nullopt;
    }
  } else {
    value.problem(std::string(k_port_forms) + ", not \"" + whole + "\"");
    return std::nullopt;
  }
  return port;
}

std::vector<NetworkPort> read_ports(const ProfileValue& section) {
  std::vector<NetworkPort> ports;
  if (!section.is_present()) return ports;
  if (!section.json().is_array()) {
    section.wrong_type("a list of ports");
    return ports;
  }
  for (const ProfileValue& item : section.items()) {
    auto port = read_port(item);
    if (!port) continue;
    if (std::find(ports.begin(), ports.end(), *port) != ports.end()) {
      item.problem("names " + port->to_string() + " a second time");
    }
    ports.push_back(*std::move(port));
  }
  if (section.json().empty()) section.problem("must not be empty; leave it out for all ports");
  return ports;
}

void read_block(const ProfileValue& item, NetworkPeer& peer) {
  const ProfileValue cidr = item["cidr"];
  const ProfileValue except = item["except"];
  if (const auto text = cidr.text()) {
    auto block = Cidr::parse(*text);
    cidr.expect(block ? Result<>() : fail(block.error()));
    if (block) peer.cidr = *std::move(block);
  } else if (except.is_present() && !cidr.is_present()) {
    except.problem("needs a cidr to except from");
  }
  for (const ProfileValue& entry : except.items()) {
    const auto text = entry.text();
    if (!text) continue;
    auto block = Cidr::parse(*text);
    if (!block) {
      entry.expect(fail(block.error()));
      continue;
    }
    // The API server wants a part of it, not all.
    if (peer.cidr && (!peer.cidr->contains(*block) || *peer.cidr == *block)) {
      entry.problem("is " + *text + ", which is no part of " + peer.cidr->to_string());
    }
    peer.except.push_back(*std::move(block));
  }
}

NetworkPeer read_peer(const ProfileValue& item) {
  NetworkPeer peer;
  peer.location = item.location();
  if (auto name = item.text()) {
    item.expect(check_dns_label(*name));
    peer.namespace_name = *std::move(name);
    return peer;
  }
  if (!item.json().is_object()) return peer;
  const ProfileValue space = item["namespace"];
  const ProfileValue pods = item["pods"];
  if (auto name = space.text()) {
    space.expect(check_dns_label(*name));
    peer.namespace_name = *std::move(name);
  }
  peer.pods = pods.text_map();
  for (const auto& [key, value] : pods.members()) {
    value.expect(check_label_key(key));
    if (const auto text = value.text()) value.expect(check_label_value(*text));
  }
  read_block(item, peer);
  peer.ports = read_ports(item["ports"]);
  if (space.is_present() == item["cidr"].is_present()) {
    item.problem(space.is_present() ? "has a namespace and a cidr: make two entries of it"
                                    : "needs a namespace or a cidr");
  } else if (pods.is_present() && !space.is_present()) {
    pods.problem("needs the namespace of these pods");
  }
  return peer;
}

std::vector<NetworkPeer> read_peers(const ProfileValue& section) {
  std::vector<NetworkPeer> peers;
  std::set<std::string> whole;  // namespaces without further conditions
  for (const ProfileValue& item : section.items()) {
    NetworkPeer peer = read_peer(item);
    if (!peer.namespace_name.empty() && peer.pods.empty() && peer.ports.empty() &&
        !whole.insert(peer.namespace_name).second) {
      item.problem("names the namespace \"" + peer.namespace_name + "\" a second time");
    }
    peers.push_back(std::move(peer));
  }
  return peers;
}

Isolation read_isolation(const ProfileValue& value) {
  if (!value.is_present()) return Isolation::none;
  if (value.json().is_boolean()) return value.boolean() ? Isolation::both : Isolation::none;
  if (value.text() == "ingress") return Isolation::ingress;
  value.wrong_type("true, false or ingress");
  return Isolation::none;
}

}  // namespace

std::string NetworkPort::to_string() const {
  std::string text = port == 0 ? name : std::to_string(port);
  if (end_port != 0) text += "-" + std::to_string(end_port);
  return protocol == "TCP" ? text : text + "/" + protocol;
}

std::span<const Field> network_fields() {
  return k_network;
}

NetworkProfile read_network(const ProfileValue& section) {
  NetworkProfile network;
  const ProfileValue isolate = section["isolate"];
  network.isolate = read_isolation(isolate);
  network.dns = section["dns"].boolean();
  network.api_server = section["apiServer"].boolean();
  network.allow_from = read_peers(section["allowFrom"]);
  network.allow_to = read_peers(section["allowTo"]);

  const bool is_readable =
      !isolate.is_present() || isolate.json().is_boolean() || network.isolate == Isolation::ingress;
  if (!is_readable) return network;
  if (network.isolate == Isolation::none && !network.allow_from.empty()) {
    section["allowFrom"].problem("needs isolate: without it everything is allowed in");
  }
  if (network.isolate != Isolation::both) {
    for (const std::string_view key : {"dns", "apiServer", "allowTo"}) {
      const ProfileValue value = section[key];
      if (value.boolean() || !value.items().empty()) {
        value.problem("needs isolate: true; without it everything is allowed out");
      }
    }
  } else if (!network.dns) {
    isolate.warning("cuts the pods off from DNS: add dns: true");
  }
  return network;
}

}  // namespace kai::model
