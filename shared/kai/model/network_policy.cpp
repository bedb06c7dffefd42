#include <kai/model/names.hpp>
#include <kai/model/network_policy.hpp>
#include <kai/model/resource.hpp>

#include <algorithm>
#include <initializer_list>

namespace kai::model {
namespace {

constexpr int k_last_port = 65535;
constexpr std::size_t k_longest_port_name = 15;

using Keys = std::initializer_list<std::string_view>;

tl::unexpected<Error> wrong(const std::string& field, const std::string& what) {
  return fail(ErrorCode::invalid_input, field + " " + what);
}

// The member of a map; nullptr when absent or null, which is the same to the API server.
const Json* member(const Json& map, std::string_view key) {
  const Json* const value = find_path(map, {key});
  return value == nullptr || value->is_null() ? nullptr : value;
}

// A map, or null for an empty one, with no other keys than these.
Result<> check_map(const Json& map, const std::string& field, Keys keys) {
  if (map.is_null()) return {};
  if (!map.is_object()) return wrong(field, "must be a map");
  for (const auto& [key, value] : map.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    Error error(ErrorCode::invalid_input, field + " has no field \"" + key + "\"");
    const std::vector<std::string> known(keys.begin(), keys.end());
    if (const auto nearest = nearest_name(key, known)) {
      error.hint = "did you mean \"" + *nearest + "\"?";
    }
    return fail(std::move(error));
  }
  return {};
}

// The list of that name, each item read by `read(item, field)`.
template <class T, class Read>
Result<std::vector<T>> read_list(const Json& map, std::string_view key, const std::string& parent,
                                 Read read) {
  std::vector<T> items;
  const Json* const list = member(map, key);
  if (list == nullptr) return items;
  const std::string field = parent + "." + std::string(key);
  if (!list->is_array()) return wrong(field, "must be a list");
  for (const Json& json : *list) {
    KAI_TRY_ASSIGN(T item, read(json, field + "[" + std::to_string(items.size()) + "]"));
    items.push_back(std::move(item));
  }
  return items;
}

// nullopt when it is not given.
Result<std::optional<std::string>> read_text(const Json& map, std::string_view key,
                                             const std::string& parent) {
  const Json* const value = member(map, key);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return wrong(parent + "." + std::string(key), "must be a string");
  return std::optional(value->get<std::string>());
}

Result<int> read_port_number(const Json& value, const std::string& field) {
  if (!value.is_number_integer()) return wrong(field, "must be a whole number");
  const auto number = value.get<std::int64_t>();
  if (number < 1 || number > k_last_port) {
    return wrong(field, "is " + std::to_string(number) + "; a port is a number from 1 to 65535");
  }
  return static_cast<int>(number);
}

Result<std::optional<LabelSelector>> read_selector(const Json& map, std::string_view key,
                                                   const std::string& parent) {
  const Json* const value = member(map, key);
  if (value == nullptr) return std::optional<LabelSelector>();
  const std::string field = parent + "." + std::string(key);
  KAI_TRY(check_map(*value, field, {"matchLabels", "matchExpressions"}));
  auto selector = LabelSelector::from_json(*value);
  if (!selector) return wrong(field, "cannot be read: " + selector.error().message);
  return std::optional(*std::move(selector));
}

Result<Cidr> read_cidr(const std::string& text, const std::string& field) {
  auto block = Cidr::parse(text);
  if (!block) return wrong(field, "cannot be read: " + block.error().message);
  return block;
}

Result<NetworkPolicy::IpBlock> read_ip_block(const Json& json, const std::string& field) {
  KAI_TRY(check_map(json, field, {"cidr", "except"}));
  KAI_TRY_ASSIGN(const auto text, read_text(json, "cidr", field));
  if (!text || text->empty()) return wrong(field + ".cidr", "is required");
  NetworkPolicy::IpBlock ip_block;
  KAI_TRY_ASSIGN(ip_block.block, read_cidr(*text, field + ".cidr"));
  const Cidr& block = ip_block.block;
  const auto read_except = [&block](const Json& item, const std::string& name) -> Result<Cidr> {
    if (!item.is_string()) return wrong(name, "must be a string");
    KAI_TRY_ASSIGN(Cidr except, read_cidr(item.get<std::string>(), name));
    if (!block.contains(except) || except.prefix() <= block.prefix()) {
      return wrong(name, "is " + except.to_string() + ", which is no part of " + block.to_string());
    }
    return except;
  };
  KAI_TRY_ASSIGN(ip_block.except, read_list<Cidr>(json, "except", field, read_except));
  return ip_block;
}

Result<NetworkPolicy::Peer> read_peer(const Json& json, const std::string& field) {
  KAI_TRY(check_map(json, field, {"podSelector", "namespaceSelector", "ipBlock"}));
  NetworkPolicy::Peer peer;
  KAI_TRY_ASSIGN(peer.pods, read_selector(json, "podSelector", field));
  KAI_TRY_ASSIGN(peer.namespaces, read_selector(json, "namespaceSelector", field));
  if (const Json* const block = member(json, "ipBlock")) {
    if (peer.pods || peer.namespaces) {
      return wrong(field, "has both an ipBlock and a selector: make two peers of them");
    }
    KAI_TRY_ASSIGN(peer.ip_block, read_ip_block(*block, field + ".ipBlock"));
  } else if (!peer.pods && !peer.namespaces) {
    return wrong(field, "needs a podSelector, a namespaceSelector or an ipBlock");
  }
  return peer;
}

Result<NetworkPolicy::Port> read_port(const Json& json, const std::string& field) {
  KAI_TRY(check_map(json, field, {"protocol", "port", "endPort"}));
  NetworkPolicy::Port port;
  KAI_TRY_ASSIGN(const auto protocol, read_text(json, "protocol", field));
  if (protocol) {
    const auto known = parse_protocol(*protocol);
    if (!known) {
      return wrong(field + ".protocol", "is \"" + *protocol + "\"; it can be TCP, UDP or SCTP");
    }
    port.protocol = *known;
  }
  const Json* const value = member(json, "port");
  if (value != nullptr && value->is_string()) {
    port.name = value->get<std::string>();
    if (!is_port_name(port.name)) {
      return wrong(field + ".port", "is \"" + port.name +
                                        "\", which is no port's name (up to 15 of a-z, 0-9 and "
                                        "single dashes within, at least one letter)");
    }
  } else if (value != nullptr) {
    KAI_TRY_ASSIGN(port.number, read_port_number(*value, field + ".port"));
  }
  if (const Json* const end = member(json, "endPort")) {
    const std::string name = field + ".endPort";
    if (!port.number) return wrong(name, "needs a port that is a number");
    KAI_TRY_ASSIGN(port.end, read_port_number(*end, name));
    if (*port.end < *port.number) return wrong(name, "is below the port");
  }
  return port;
}

auto read_rule(std::string_view peers) {
  return [peers](const Json& json, const std::string& field) -> Result<NetworkPolicy::Rule> {
    KAI_TRY(check_map(json, field, {peers, "ports"}));
    NetworkPolicy::Rule rule;
    KAI_TRY_ASSIGN(rule.peers, read_list<NetworkPolicy::Peer>(json, peers, field, read_peer));
    KAI_TRY_ASSIGN(rule.ports, read_list<NetworkPolicy::Port>(json, "ports", field, read_port));
    return rule;
  };
}

Result<> read_types(const Json& spec, NetworkPolicy& policy) {
  const auto read_type = [&policy](const Json& json, const std::string& field) -> Result<bool> {
    const bool ingress = json == "Ingress";
    if (!ingress && json != "Egress") return wrong(field, "can be Ingress or Egress");
    (ingress ? policy.for_ingress : policy.for_egress) = true;
    return true;
  };
  KAI_TRY_ASSIGN(const auto types, read_list<bool>(spec, "policyTypes", "spec", read_type));
  if (types.size() > 2) return wrong("spec.policyTypes", "has more than two entries");
  if (types.empty()) {
    policy.for_ingress = true;
    policy.for_egress = !policy.egress.empty();
  }
  return {};
}

Result<> read_spec(const Json& spec, NetworkPolicy& policy) {
  KAI_TRY(check_map(spec, "spec", {"podSelector", "ingress", "egress", "policyTypes"}));
  KAI_TRY_ASSIGN(auto pods, read_selector(spec, "podSelector", "spec"));
  if (pods) policy.pods = *std::move(pods);
  using Rule = NetworkPolicy::Rule;
  KAI_TRY_ASSIGN(policy.ingress, read_list<Rule>(spec, "ingress", "spec", read_rule("from")));
  KAI_TRY_ASSIGN(policy.egress, read_list<Rule>(spec, "egress", "spec", read_rule("to")));
  return read_types(spec, policy);
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp: return "TCP";
    case Protocol::udp: return "UDP";
    case Protocol::sctp: return "SCTP";
  }
  return {};
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    if (text == to_string(protocol)) return protocol;
  }
  return std::nullopt;
}

bool is_port_name(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= k_longest_port_name &&
         std::all_of(text.begin(), text.end(), is_allowed) &&
         std::any_of(text.begin(), text.end(), is_letter) && text.front() != '-' &&
         text.back() != '-' && text.find("--") == std::string_view::npos;
}

bool NetworkPolicy::IpBlock::contains(const Cidr& address) const {
  return block.contains(address) &&
         std::none_of(except.begin(), except.end(),
                      [&address](const Cidr& hole) { return hole.contains(address); });
}

Result<NetworkPolicy> NetworkPolicy::from_json(const Json& object) {
  NetworkPolicy policy;
  policy.ns = string_at(object, {"metadata", "namespace"});
  policy.name = string_at(object, {"metadata", "name"});
  const Json* const spec = member(object, "spec");
  if (const auto read = read_spec(spec == nullptr ? Json() : *spec, policy); !read) {
    Error error = read.error();
    const ObjectRef ref{"networking.k8s.io/v1", "NetworkPolicy", policy.ns, policy.name};
    error.message = ref.to_string() + ": " + error.message;
    return fail(std::move(error));
  }
  return policy;
}

}  // namespace kai::model
