#include "verdict_text.hpp"

#include <kai/output/text_block.hpp>

#include <algorithm>
#include <string_view>

namespace kai::policy {

namespace {

using model::Doubt;
using model::Endpoint;
using model::Ground;
using model::Json;
using model::LabelSelector;
using model::NetworkPod;
using model::NetworkPolicy;
using model::RuleMatch;
using model::SideVerdict;
using output::Palette;
using output::Style;

enum class Direction { egress, ingress };

constexpr int k_indent = 2;
constexpr int k_deeper = 4;

std::string name_of(const Endpoint& endpoint) {
  if (const auto* const pod = std::get_if<NetworkPod>(&endpoint)) return pod->ns + "/" + pod->name;
  return std::get<model::Cidr>(endpoint).to_string();
}

std::string_view name_of(Direction direction) {
  return direction == Direction::egress ? "egress" : "ingress";
}

std::string rule_field(Direction direction, const RuleMatch& match) {
  return "spec." + std::string(name_of(direction)) + "[" + std::to_string(match.rule) + "]";
}

std::string peer_field(Direction direction, const RuleMatch& match) {
  return rule_field(direction, match) + (direction == Direction::egress ? ".to[" : ".from[") +
         std::to_string(*match.peer) + "]";
}

std::string port_field(Direction direction, const RuleMatch& match) {
  return rule_field(direction, match) + ".ports[" + std::to_string(*match.port) + "]";
}

std::string port_text(const model::Flow& flow) {
  return std::to_string(flow.port) + "/" + std::string(to_string(flow.protocol));
}

std::string peer_text(const NetworkPolicy::Peer& peer, const std::string& ns) {
  if (peer.ip_block) {
    std::string text = peer.ip_block->block.to_string();
    for (std::size_t i = 0; i < peer.ip_block->except.size(); ++i) {
      text += (i == 0 ? " except " : ", ") + peer.ip_block->except[i].to_string();
    }
    return text;
  }
  const bool every_pod = !peer.pods || peer.pods->empty();
  const std::string pods = every_pod ? "every pod" : "pods " + peer.pods->to_string();
  if (!peer.namespaces) return pods + " in " + ns;
  if (peer.namespaces->empty()) return pods + " in every namespace";
  return pods + " in namespaces " + peer.namespaces->to_string();
}

std::string port_text(const NetworkPolicy::Port& port) {
  const std::string protocol(to_string(port.protocol));
  if (!port.name.empty()) return port.name + "/" + protocol;
  if (!port.number) return "every " + protocol + " port";
  std::string numbers = std::to_string(*port.number);
  if (port.end && *port.end != *port.number) numbers += "-" + std::to_string(*port.end);
  return numbers + "/" + protocol;
}

template <class T, class Text>
std::string joined(const std::vector<T>& items, const Text& text) {
  std::string all;
  for (const T& item : items) all += (all.empty() ? "" : "; ") + text(item);
  return all;
}

// One side of the flow, with what its text needs.
class SideText {
 public:
  SideText(const Verdict& verdict, Direction direction)
      : m_verdict(verdict),
        m_direction(direction),
        m_side(direction == Direction::egress ? verdict.reach.egress : verdict.reach.ingress),
        m_endpoint(direction == Direction::egress ? verdict.flow.from : verdict.flow.to) {}

  [[nodiscard]] std::string text(const Palette& palette, int width) const {
    std::string text = std::string(name_of(m_direction)) + " of " +
                       output::safe_text(name_of(m_endpoint)) + ": " +
                       palette.paint(m_side.allowed ? Style::good : Style::bad,
                                     m_side.allowed ? "allowed" : "denied") +
                       "\n";
    const auto add = [&](const std::string& line, int indent = k_indent) {
      text += std::string(static_cast<std::size_t>(indent), ' ') +
              output::wrap_hanging(line, indent + k_indent, width) + "\n";
    };
    if (!m_side.policies.empty()) {
      std::string names;
      for (const std::string& policy : m_side.policies)
        names += (names.empty() ? "" : ", ") + policy;
      add("selected by " + names);
    }
    add(ground_text());
    if (m_side.rule) add_rule(*m_side.rule, add);
    for (const RuleMatch& refusal : m_side.refusals) add(refusal_text(refusal), k_deeper);
    return text;
  }

  [[nodiscard]] Json json() const {
    Json json = {{"allowed", m_side.allowed},
                 {"reason", std::string(reason())},
                 {"policies", m_side.policies}};
    if (m_side.rule) {
      json["rule"] = match_json(*m_side.rule);
      json["rule"].erase("peerMatches");
      json["rule"].erase("portMatches");
    }
    if (m_side.ground == Ground::no_rule) {
      json["refusals"] = Json::array();
      for (const RuleMatch& refusal : m_side.refusals)
        json["refusals"].push_back(match_json(refusal));
    }
    return json;
  }

 private:
  [[nodiscard]] std::string_view reason() const {
    switch (m_side.ground) {
      case Ground::outside: return "outside";
      case Ground::not_isolated: return "not-isolated";
      case Ground::rule: return "rule";
      case Ground::no_rule: return "no-rule";
      case Ground::itself: return "itself";
      case Ground::own_node: return "own-node";
      case Ground::host_network: return "host-network";
    }
    return {};
  }

  [[nodiscard]] std::string ground_text() const {
    switch (m_side.ground) {
      case Ground::outside: return "an address: no policy speaks for it";
      case Ground::not_isolated:
        return "no policy selects it for " + std::string(name_of(m_direction)) +
               ", so nothing is held back";
      case Ground::rule: return "let through by " + rule_name(*m_side.rule);
      case Ground::no_rule:
        return m_side.refusals.empty() ? "none of these has a rule: nothing is let through"
                                       : "none of their rules lets it through:";
      case Ground::itself: return "a pod always reaches itself";
      case Ground::own_node: return "a pod and its own node always reach each other";
      case Ground::host_network: return "it is on its node's network, where no policy selects it";
    }
    return {};
  }

  [[nodiscard]] std::string rule_name(const RuleMatch& match) const {
    return match.policy + ", " + rule_field(m_direction, match);
  }

  // The rule itself; nullptr never happens: matches are of these policies.
  [[nodiscard]] const NetworkPolicy::Rule* rule_of(const RuleMatch& match) const {
    const std::string& ns = std::get<NetworkPod>(m_endpoint).ns;
    for (const NetworkPolicy& policy : m_verdict.policies) {
      if (policy.ns != ns || policy.name != match.policy) continue;
      const auto& rules = m_direction == Direction::egress ? policy.egress : policy.ingress;
      if (match.rule < rules.size()) return &rules[match.rule];
    }
    return nullptr;
  }

  template <class Add>
  void add_rule(const RuleMatch& match, const Add& add) const {
    const NetworkPolicy::Rule* const rule = rule_of(match);
    if (rule == nullptr) return;
    const bool out = m_direction == Direction::egress;
    const std::string& ns = std::get<NetworkPod>(m_endpoint).ns;
    add((out ? "to " : "from ") + (match.peer ? peer_text(rule->peers[*match.peer], ns)
                                              : std::string(out ? "everywhere" : "everyone")),
        k_deeper);
    add("on " + (match.port ? port_text(rule->ports[*match.port]) : std::string("every port")),
        k_deeper);
  }

  [[nodiscard]] std::string refusal_text(const RuleMatch& match) const {
    std::string text = rule_name(match) + ": ";
    const NetworkPolicy::Rule* const rule = rule_of(match);
    if (rule == nullptr) return text;
    const std::string& ns = std::get<NetworkPod>(m_endpoint).ns;
    if (!match.peer_matches) {
      text += (m_direction == Direction::egress ? "only to " : "only from ") +
              joined(rule->peers,
                     [&ns](const NetworkPolicy::Peer& peer) { return peer_text(peer, ns); });
    }
    if (!match.port_matches) {
      text += (match.peer_matches ? "only on " : ", and only on ") +
              joined(rule->ports, [](const NetworkPolicy::Port& port) { return port_text(port); });
    }
    return text;
  }

  [[nodiscard]] Json match_json(const RuleMatch& match) const {
    Json json = {{"policy", match.policy},
                 {"field", rule_field(m_direction, match)},
                 {"peerMatches", match.peer_matches},
                 {"portMatches", match.port_matches}};
    if (match.peer) json["peer"] = peer_field(m_direction, match);
    if (match.port) json["port"] = port_field(m_direction, match);
    return json;
  }

  const Verdict& m_verdict;
  Direction m_direction;
  const SideVerdict& m_side;
  const Endpoint& m_endpoint;
};

std::string doubt_text(Doubt doubt, bool allowed) {
  const std::string otherwise = allowed ? "denies" : "allows";
  switch (doubt) {
    case Doubt::ip_block_and_pod:
      return "this rests on an ipBlock that holds a pod's address: a network plugin that matches "
             "ipBlocks with addresses outside the cluster alone (Cilium) " +
             otherwise + " it";
    case Doubt::host_network:
      return "policies and hostNetwork pods are undefined in the API: a network plugin that treats "
             "them like other pods " +
             otherwise + " it";
    case Doubt::itself:
      return "a network plugin that holds a pod to its policies even with itself, as behind a "
             "Service, " +
             otherwise + " it";
    case Doubt::own_node:
      return "a network plugin that restricts what goes to a pod's own node " + otherwise + " it";
    case Doubt::no_address:
      return "a pod has no address yet, so no ipBlock matched it: its address may change the "
             "answer";
    case Doubt::other_family:
      return "the pods have two address families: over the other one the policies " +
             std::string(allowed ? "deny" : "allow") + " it";
  }
  return {};
}

Json endpoint_json(const Endpoint& endpoint) {
  if (const auto* const pod = std::get_if<NetworkPod>(&endpoint)) {
    return {{"namespace", pod->ns}, {"pod", pod->name}};
  }
  return {{"address", std::get<model::Cidr>(endpoint).to_string()}};
}

}  // namespace

std::vector<std::string> doubt_notes(const model::Reach& reach) {
  std::vector<std::string> notes;
  for (const Doubt doubt : reach.doubts) notes.push_back(doubt_text(doubt, reach.allowed));
  if (!reach.same_family) {
    notes.emplace_back(
        "one side has only IPv4 and the other only IPv6 addresses: nothing goes "
        "between them, whatever the policies say");
  }
  return notes;
}

std::string verdict_text(const Verdict& verdict, const Palette& palette, int width) {
  const bool allowed = verdict.reach.allowed;
  const std::string head = name_of(verdict.flow.from) + " to " + name_of(verdict.flow.to) + " on " +
                           port_text(verdict.flow);
  std::string text =
      palette.paint(allowed ? Style::good : Style::bad, allowed ? "allowed" : "denied") + "  " +
      palette.paint(Style::bold, output::safe_text(head)) + "\n\n";
  text += SideText(verdict, Direction::egress).text(palette, width);
  text += SideText(verdict, Direction::ingress).text(palette, width);
  if (!verdict.notes.empty()) text += "\n";
  for (const std::string& note : verdict.notes) {
    constexpr std::string_view k_mark = "note  ";
    text += palette.paint(Style::warning, k_mark) +
            output::wrap_hanging(note, static_cast<int>(k_mark.size()), width) + "\n";
  }
  return text;
}

Json verdict_json(const Verdict& verdict) {
  return {{"from", endpoint_json(verdict.flow.from)},
          {"to", endpoint_json(verdict.flow.to)},
          {"port", verdict.flow.port},
          {"protocol", std::string(to_string(verdict.flow.protocol))},
          {"allowed", verdict.reach.allowed},
          {"egress", SideText(verdict, Direction::egress).json()},
          {"ingress", SideText(verdict, Direction::ingress).json()},
          {"notes", verdict.notes}};
}

}  // namespace kai::policy
