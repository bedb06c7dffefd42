// What NetworkPolicies say, where a profile can say it.
#include <kai/audit/facts/gpu.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <utility>

#include "starter.hpp"

namespace kai::ai {

namespace {

using model::Json;

constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";
constexpr int k_dns_port = 53;

const Json& list_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json empty = Json::array();
  const Json* const found = model::find_path(object, path);
  return found != nullptr && found->is_array() ? *found : empty;
}

bool is_empty_selector(const Json* selector) {
  if (selector == nullptr) return false;
  const Json* const labels = model::find_path(*selector, {"matchLabels"});
  return (labels == nullptr || labels->empty()) && list_at(*selector, {"matchExpressions"}).empty();
}

// The labels of a selector that is nothing but labels.
std::optional<std::map<std::string, std::string>> plain_labels(const Json& selector) {
  if (!list_at(selector, {"matchExpressions"}).empty()) return std::nullopt;
  std::map<std::string, std::string> labels;
  const Json* const found = model::find_path(selector, {"matchLabels"});
  if (found == nullptr || !found->is_object()) return labels;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return labels;
}

// The namespaces that a selector names one by one.
std::vector<std::string> names_of(const Json& selector) {
  const auto labels = plain_labels(selector);
  if (labels && labels->size() == 1 && labels->begin()->first == k_name_label) {
    return {labels->begin()->second};
  }
  const Json& terms = list_at(selector, {"matchExpressions"});
  const Json* const others = model::find_path(selector, {"matchLabels"});
  std::vector<std::string> names;
  if (terms.size() != 1 || (others != nullptr && !others->empty())) return names;
  if (model::string_at(terms.front(), {"key"}) != k_name_label ||
      model::string_at(terms.front(), {"operator"}) != "In") {
    return names;
  }
  for (const Json& value : list_at(terms.front(), {"values"})) {
    if (value.is_string()) names.push_back(value.get<std::string>());
  }
  return names;
}

struct Port {
  std::string protocol;
  std::string number;  // or name; empty: all
  std::string text;    // as a profile has it
};

std::vector<Port> ports_of(const Json& rule) {
  std::vector<Port> ports;
  for (const Json& entry : list_at(rule, {"ports"})) {
    Port port;
    port.protocol = model::string_at(entry, {"protocol"}, "TCP");
    const Json* const number = model::find_path(entry, {"port"});
    if (number != nullptr) {
      port.number = number->is_string() ? number->get<std::string>() : number->dump();
    }
    port.text = port.number;
    if (const auto end = model::int_at(entry, {"endPort"}); end > 0) {
      port.text += "-" + std::to_string(end);
    }
    if (port.protocol != "TCP") port.text += "/" + port.protocol;
    ports.push_back(std::move(port));
  }
  return ports;
}

// An entry of allowFrom or allowTo.
struct Entry {
  std::string ns;
  std::map<std::string, std::string> pods;
  std::string cidr;
  std::vector<std::string> except;
  std::vector<std::string> ports;

  auto operator<=>(const Entry&) const = default;
};

// One direction of all policies of all pods of a namespace.
struct Direction {
  bool is_isolated = false;
  bool admits_itself = false;  // its own pods, on all ports
  bool has_udp_dns = false;
  bool has_tcp_dns = false;
  std::set<Entry> entries;
  std::vector<std::string> beyond;  // policies with rules that a profile cannot say
};

// Whether the rule opens DNS and nothing else.
bool is_dns(const std::vector<Port>& ports) {
  return !ports.empty() && std::all_of(ports.begin(), ports.end(), [](const Port& port) {
    return port.text == std::to_string(k_dns_port) ||
           port.text == std::to_string(k_dns_port) + "/UDP";
  });
}

// False when a profile cannot say it.
bool read_peer(const Json& peer, const std::vector<std::string>& ports, Direction& direction) {
  const Json* const block = model::find_path(peer, {"ipBlock"});
  const Json* const namespaces = model::find_path(peer, {"namespaceSelector"});
  const Json* const pods = model::find_path(peer, {"podSelector"});
  Entry entry;
  entry.ports = ports;
  if (block != nullptr) {
    entry.cidr = model::string_at(*block, {"cidr"});
    for (const Json& except : list_at(*block, {"except"})) {
      if (except.is_string()) entry.except.push_back(except.get<std::string>());
    }
    direction.entries.insert(std::move(entry));
    return true;
  }
  if (namespaces == nullptr) {
    if (!is_empty_selector(pods) || !ports.empty()) return false;
    direction.admits_itself = true;
    return true;
  }
  if (pods != nullptr) {
    auto labels = plain_labels(*pods);
    if (!labels) return false;
    entry.pods = *std::move(labels);
  }
  const std::vector<std::string> names = names_of(*namespaces);
  for (const std::string& name : names) {
    entry.ns = name;
    direction.entries.insert(entry);
  }
  return !names.empty();
}

void read_rules(const Json& policy, bool is_egress, Direction& direction) {
  bool is_said = true;
  for (const Json& rule : list_at(policy, {"spec", is_egress ? "egress" : "ingress"})) {
    const std::vector<Port> ports = ports_of(rule);
    if (is_egress && is_dns(ports)) {
      for (const Port& port : ports) {
        (port.protocol == "UDP" ? direction.has_udp_dns : direction.has_tcp_dns) = true;
      }
      continue;
    }
    std::vector<std::string> texts;
    for (const Port& port : ports) {
      if (port.number.empty()) is_said = false;  // all ports of one protocol
      texts.push_back(port.text);
    }
    const Json& peers = list_at(rule, {is_egress ? "to" : "from"});
    if (peers.empty()) is_said = false;  // everybody
    for (const Json& peer : peers) {
      if (!is_said || !read_peer(peer, texts, direction)) is_said = false;
    }
  }
  if (!is_said) direction.beyond.emplace_back(model::string_at(policy, {"metadata", "name"}));
}

void write_entries(std::string_view key, const std::set<Entry>& entries, int level, Lines& lines) {
  if (entries.empty()) return;
  lines.add(level, std::string(key) + ":");
  for (const Entry& entry : entries) {
    if (entry.cidr.empty() && entry.pods.empty() && entry.ports.empty()) {
      lines.add(level, "- " + yaml_scalar(entry.ns));
      continue;
    }
    lines.add(level, entry.cidr.empty() ? "- namespace: " + yaml_scalar(entry.ns)
                                        : "- cidr: " + yaml_scalar(entry.cidr));
    const auto write_list = [&](std::string_view name, const std::vector<std::string>& list) {
      if (list.empty()) return;
      lines.add(level + 1, std::string(name) + ":");
      for (const std::string& item : list) {
        const bool is_number = item.find_first_not_of("0123456789") == std::string::npos;
        lines.add(level + 1, "- " + (is_number ? item : yaml_scalar(item)));
      }
    };
    write_list("except", entry.except);
    if (!entry.pods.empty()) lines.add(level + 1, "pods:");
    for (const auto& [label, value] : entry.pods) {
      lines.add(level + 2, yaml_scalar(label), value);
    }
    write_list("ports", entry.ports);
  }
}

bool has_type(const Json& policy, std::string_view type) {
  const Json& types = list_at(policy, {"spec", "policyTypes"});
  return std::find(types.begin(), types.end(), Json(type)) != types.end();
}

}  // namespace

void write_network(const std::vector<const Json*>& policies, int level, Lines& lines) {
  Direction ingress;
  Direction egress;
  std::vector<std::string> partial;
  for (const Json* const policy : policies) {
    if (!is_empty_selector(model::find_path(*policy, {"spec", "podSelector"}))) {
      partial.emplace_back(model::string_at(*policy, {"metadata", "name"}));
      continue;
    }
    if (has_type(*policy, "Ingress")) {
      ingress.is_isolated = true;
      read_rules(*policy, false, ingress);
    }
    if (has_type(*policy, "Egress")) {
      egress.is_isolated = true;
      read_rules(*policy, true, egress);
    }
  }
  if (!partial.empty()) {
    lines.comment(level, "NetworkPolicies of some pods only, which stay as they are: " +
                             audit::list_names(partial));
  }
  std::vector<std::string> beyond = ingress.beyond;
  beyond.insert(beyond.end(), egress.beyond.begin(), egress.beyond.end());
  std::sort(beyond.begin(), beyond.end());
  beyond.erase(std::unique(beyond.begin(), beyond.end()), beyond.end());
  if (!beyond.empty()) {
    lines.comment(level, "NetworkPolicies with rules that a profile cannot say: " +
                             audit::list_names(beyond));
  }
  if (!ingress.is_isolated) {
    if (egress.is_isolated) {
      lines.comment(level, "NetworkPolicies restrict egress alone, which a profile cannot say");
    }
    return;
  }
  if (!ingress.admits_itself || (egress.is_isolated && !egress.admits_itself)) {
    lines.comment(level,
                  "not network: {isolate: …}: that lets the namespace's pods reach each "
                  "other, and now they may not");
    return;
  }
  lines.add(level, "network:");
  lines.add(level + 1, egress.is_isolated ? "isolate: true" : "isolate: ingress");
  if (egress.has_udp_dns && egress.has_tcp_dns) lines.add(level + 1, "dns: true");
  if (egress.has_udp_dns != egress.has_tcp_dns) {
    lines.comment(level + 1, std::string("dns: true opens both; now only ") +
                                 (egress.has_udp_dns ? "UDP" : "TCP") + " 53 is open");
  }
  write_entries("allowFrom", ingress.entries, level + 1, lines);
  write_entries("allowTo", egress.entries, level + 1, lines);
}

}  // namespace kai::ai
