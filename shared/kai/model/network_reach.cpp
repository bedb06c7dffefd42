#include <kai/model/network_reach.hpp>
#include <kai/model/resource.hpp>

#include <algorithm>
#include <utility>

namespace kai::model {
namespace {

enum class Direction { egress, ingress };

// How what the API leaves open is read. The defaults are the usual reading.
struct Reading {
  bool blocks_match_pods = true;
  bool host_network_is_node = true;
  bool itself_is_free = true;
  bool to_own_node_is_free = true;
  bool unknown_address_is_in_block = false;
};

// The two addresses of a flow; none: not known yet.
struct Addresses {
  std::optional<Cidr> from;
  std::optional<Cidr> to;
};

const NetworkPod* pod_of(const Endpoint& endpoint) {
  return std::get_if<NetworkPod>(&endpoint);
}

const std::vector<Cidr>& addresses_of(const Endpoint& endpoint, std::vector<Cidr>& own) {
  if (const NetworkPod* const pod = pod_of(endpoint)) return pod->ips;
  own = {std::get<Cidr>(endpoint)};
  return own;
}

// The pairs of addresses between which a flow can be, the first choice first. None: the
// two sides have no address family in common.
std::vector<Addresses> address_pairs(const Flow& flow) {
  std::vector<Cidr> own_from;
  std::vector<Cidr> own_to;
  const std::vector<Cidr>& from = addresses_of(flow.from, own_from);
  const std::vector<Cidr>& to = addresses_of(flow.to, own_to);
  std::vector<Addresses> pairs;
  if (from.empty() && to.empty()) return {Addresses{}};
  if (from.empty()) {
    for (const Cidr& address : to) pairs.push_back({std::nullopt, address});
    return pairs;
  }
  if (to.empty()) {
    for (const Cidr& address : from) pairs.push_back({address, std::nullopt});
    return pairs;
  }
  for (const Cidr& there : to) {
    const auto here = std::find_if(from.begin(), from.end(), [&there](const Cidr& address) {
      return address.is_v6() == there.is_v6();
    });
    if (here != from.end()) pairs.push_back({*here, there});
  }
  return pairs;
}

bool contains(const std::vector<Cidr>& addresses, const std::optional<Cidr>& wanted) {
  return wanted && std::find(addresses.begin(), addresses.end(), *wanted) != addresses.end();
}

// One side of a flow under one reading.
class Side {
 public:
  Side(const Flow& flow, Direction direction, const Addresses& addresses, const Reading& reading)
      : m_flow(flow),
        m_direction(direction),
        m_reading(reading),
        m_subject(pod_of(direction == Direction::egress ? flow.from : flow.to)),
        m_peer(pod_of(direction == Direction::egress ? flow.to : flow.from)),
        m_destination(pod_of(flow.to)),
        m_peer_address(direction == Direction::egress ? addresses.to : addresses.from) {}

  [[nodiscard]] SideVerdict judge(const std::vector<const NetworkPolicy*>& policies) const {
    SideVerdict verdict;
    if (m_subject == nullptr) return verdict;
    if (is_on_host(*m_subject)) {
      verdict.ground = Ground::host_network;
      return verdict;
    }
    std::vector<RuleMatch> met;
    for (const NetworkPolicy* const policy : policies) {
      if (!selects(*policy)) continue;
      verdict.policies.push_back(policy->name);
      const auto& rules = m_direction == Direction::egress ? policy->egress : policy->ingress;
      for (std::size_t i = 0; i < rules.size(); ++i) met.push_back(meet(*policy, rules[i], i));
    }
    const auto let_through = std::find_if(met.begin(), met.end(), [](const RuleMatch& match) {
      return match.peer_matches && match.port_matches;
    });
    if (is_with_itself()) {
      verdict.ground = Ground::itself;
    } else if (is_with_own_node()) {
      verdict.ground = Ground::own_node;
    } else if (verdict.policies.empty()) {
      verdict.ground = Ground::not_isolated;
    } else if (let_through != met.end()) {
      verdict.ground = Ground::rule;
      verdict.rule = *let_through;
    } else {
      verdict.ground = Ground::no_rule;
      verdict.allowed = false;
      verdict.refusals = std::move(met);
    }
    return verdict;
  }

 private:
  [[nodiscard]] bool is_on_host(const NetworkPod& pod) const {
    return pod.host_network && m_reading.host_network_is_node;
  }

  [[nodiscard]] bool selects(const NetworkPolicy& policy) const {
    const bool speaks = m_direction == Direction::egress ? policy.for_egress : policy.for_ingress;
    return speaks && policy.ns == m_subject->ns && policy.pods.matches(m_subject->labels);
  }

  [[nodiscard]] bool is_with_itself() const {
    if (!m_reading.itself_is_free) return false;
    if (m_peer != nullptr) return m_peer->ns == m_subject->ns && m_peer->name == m_subject->name;
    return contains(m_subject->ips, m_peer_address);
  }

  [[nodiscard]] bool is_with_own_node() const {
    if (m_direction == Direction::egress && !m_reading.to_own_node_is_free) return false;
    if (m_peer == nullptr) return contains(m_subject->node_ips, m_peer_address);
    return is_on_host(*m_peer) && !m_subject->node.empty() && m_peer->node == m_subject->node;
  }

  [[nodiscard]] RuleMatch meet(const NetworkPolicy& policy, const NetworkPolicy::Rule& rule,
                               std::size_t number) const {
    RuleMatch match;
    match.policy = policy.name;
    match.rule = number;
    match.peer_matches = rule.peers.empty();
    for (std::size_t i = 0; i < rule.peers.size() && !match.peer_matches; ++i) {
      match.peer_matches = is_peer(rule.peers[i], policy);
      if (match.peer_matches) match.peer = i;
    }
    match.port_matches = rule.ports.empty();
    for (std::size_t i = 0; i < rule.ports.size() && !match.port_matches; ++i) {
      match.port_matches = is_port(rule.ports[i]);
      if (match.port_matches) match.port = i;
    }
    return match;
  }

  [[nodiscard]] bool is_peer(const NetworkPolicy::Peer& peer, const NetworkPolicy& policy) const {
    if (peer.ip_block) {
      const bool is_own_address = m_peer != nullptr && !is_on_host(*m_peer);
      if (is_own_address && !m_reading.blocks_match_pods) return false;
      if (!m_peer_address) return m_reading.unknown_address_is_in_block;
      return peer.ip_block->contains(*m_peer_address);
    }
    if (m_peer == nullptr || is_on_host(*m_peer)) return false;
    const bool right_ns =
        peer.namespaces ? peer.namespaces->matches(m_peer->ns_labels) : m_peer->ns == policy.ns;
    return right_ns && (!peer.pods || peer.pods->matches(m_peer->labels));
  }

  [[nodiscard]] bool is_port(const NetworkPolicy::Port& port) const {
    if (port.protocol != m_flow.protocol) return false;
    if (port.number) {
      return *port.number <= m_flow.port && m_flow.port <= port.end.value_or(*port.number);
    }
    if (port.name.empty()) return true;
    if (m_destination == nullptr) return false;
    return std::any_of(m_destination->ports.begin(), m_destination->ports.end(),
                       [&](const NetworkPod::Port& own) {
                         return own.name == port.name && own.protocol == port.protocol &&
                                own.number == m_flow.port;
                       });
  }

  const Flow& m_flow;
  Direction m_direction;
  Reading m_reading;
  const NetworkPod* m_subject;      // whose policies are looked at; null: an address
  const NetworkPod* m_peer;         // the other side
  const NetworkPod* m_destination;  // whose ports they are
  std::optional<Cidr> m_peer_address;
};

Reach judge(const Flow& flow, const std::vector<const NetworkPolicy*>& policies,
            const Addresses& addresses, const Reading& reading) {
  Reach reach;
  reach.egress = Side(flow, Direction::egress, addresses, reading).judge(policies);
  reach.ingress = Side(flow, Direction::ingress, addresses, reading).judge(policies);
  reach.allowed = reach.egress.allowed && reach.ingress.allowed;
  return reach;
}

std::vector<Cidr> read_addresses(const Json& pod, std::string_view list, std::string_view single) {
  std::vector<Cidr> addresses;
  const auto add = [&addresses](std::string_view text) {
    if (auto address = Cidr::parse_address(text)) addresses.push_back(*std::move(address));
  };
  if (const Json* const ips = find_path(pod, {"status", list}); ips != nullptr && ips->is_array()) {
    for (const Json& ip : *ips) add(string_at(ip, {"ip"}));
  }
  if (addresses.empty()) add(string_at(pod, {"status", single}));
  return addresses;
}

void read_ports(const Json& pod, std::string_view list, std::vector<NetworkPod::Port>& ports) {
  const Json* const containers = find_path(pod, {"spec", list});
  if (containers == nullptr || !containers->is_array()) return;
  for (const Json& container : *containers) {
    // Other init containers have ended when the pod serves.
    if (list == "initContainers" && string_at(container, {"restartPolicy"}) != "Always") continue;
    const Json* const own = find_path(container, {"ports"});
    if (own == nullptr || !own->is_array()) continue;
    for (const Json& json : *own) {
      const auto protocol = parse_protocol(string_at(json, {"protocol"}, "TCP"));
      if (!protocol) continue;
      ports.push_back({std::string(string_at(json, {"name"})),
                       static_cast<int>(int_at(json, {"containerPort"})), *protocol});
    }
  }
}

}  // namespace

NetworkPod NetworkPod::from_json(const Json& pod) {
  NetworkPod result;
  result.ns = string_at(pod, {"metadata", "namespace"});
  result.name = string_at(pod, {"metadata", "name"});
  result.labels = Resource(pod).labels();
  result.ips = read_addresses(pod, "podIPs", "podIP");
  result.node_ips = read_addresses(pod, "hostIPs", "hostIP");
  result.node = string_at(pod, {"spec", "nodeName"});
  result.host_network = bool_at(pod, {"spec", "hostNetwork"});
  const std::string_view phase = string_at(pod, {"status", "phase"});
  result.finished = phase == "Succeeded" || phase == "Failed";
  read_ports(pod, "containers", result.ports);
  read_ports(pod, "initContainers", result.ports);
  return result;
}

Labels namespace_labels(std::string_view name, Labels labels) {
  labels.insert_or_assign("kubernetes.io/metadata.name", std::string(name));
  return labels;
}

Reach may_reach(const Flow& flow, std::span<const NetworkPolicy> policies) {
  std::vector<const NetworkPolicy*> sorted;
  for (const NetworkPolicy& policy : policies) sorted.push_back(&policy);
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const NetworkPolicy* a, const NetworkPolicy* b) { return a->name < b->name; });

  std::vector<Addresses> pairs = address_pairs(flow);
  const bool same_family = !pairs.empty();
  if (!same_family) {
    std::vector<Cidr> own_from;
    std::vector<Cidr> own_to;
    pairs.push_back(
        {addresses_of(flow.from, own_from).front(), addresses_of(flow.to, own_to).front()});
  }
  const Reading usual;
  Reach reach = judge(flow, sorted, pairs.front(), usual);
  reach.same_family = same_family;

  const auto differs = [&](const Reading& reading, const Addresses& addresses) {
    return judge(flow, sorted, addresses, reading).allowed != reach.allowed;
  };
  const auto doubt_if = [&](Doubt doubt, bool Reading::*what) {
    Reading other;
    other.*what = !(other.*what);
    if (differs(other, pairs.front())) reach.doubts.push_back(doubt);
  };
  doubt_if(Doubt::ip_block_and_pod, &Reading::blocks_match_pods);
  doubt_if(Doubt::host_network, &Reading::host_network_is_node);
  doubt_if(Doubt::itself, &Reading::itself_is_free);
  doubt_if(Doubt::own_node, &Reading::to_own_node_is_free);
  doubt_if(Doubt::no_address, &Reading::unknown_address_is_in_block);
  if (std::any_of(pairs.begin() + 1, pairs.end(),
                  [&](const Addresses& addresses) { return differs(usual, addresses); })) {
    reach.doubts.push_back(Doubt::other_family);
  }
  return reach;
}

}  // namespace kai::model
