#include "network_objects.hpp"

#include "plan.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::NetworkPeer;
using model::NetworkPort;

constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";
constexpr int k_dns_port = 53;

Json namespace_peer(const std::string& ns) {
  return {{"namespaceSelector", {{"matchLabels", {{std::string(k_name_label), ns}}}}}};
}

Json block_peer(const model::Cidr& block) {
  std::string text = block.to_string();
  if (text.find('/') == std::string::npos) text += "/" + std::to_string(block.prefix());
  return {{"ipBlock", {{"cidr", std::move(text)}}}};
}

Json port_json(std::string_view protocol, Json port) {
  return {{"protocol", protocol}, {"port", std::move(port)}};
}

Json port_json(const NetworkPort& port) {
  Json json = port_json(port.protocol, port.port != 0 ? Json(port.port) : Json(port.name));
  if (port.end_port != 0) json["endPort"] = port.end_port;
  return json;
}

// One rule for a peer of the profile; `side` is "from" or "to".
Json rule_json(const NetworkPeer& peer, const char* side) {
  Json json;
  if (peer.cidr) {
    json = block_peer(*peer.cidr);
    for (const model::Cidr& except : peer.except) {
      json["ipBlock"]["except"].push_back(block_peer(except)["ipBlock"]["cidr"]);
    }
  } else {
    json = namespace_peer(peer.namespace_name);
    if (!peer.pods.empty()) json["podSelector"] = {{"matchLabels", peer.pods}};
  }
  Json rule{{side, Json::array({std::move(json)})}};
  for (const NetworkPort& port : peer.ports) rule["ports"].push_back(port_json(port));
  return rule;
}

model::Resource policy(const std::string& ns, const std::string& name, Json spec) {
  return model::Resource(
      Json{{"apiVersion", "networking.k8s.io/v1"},
           {"kind", "NetworkPolicy"},
           {"metadata",
            {{"name", name}, {"namespace", ns}, {"labels", apply::ownership_labels(k_component)}}},
           {"spec", std::move(spec)}});
}

// The Services by which pods find names: they answer on port 53, in a namespace of the system.
std::vector<const ServiceView*> dns_services(const Surroundings& around) {
  std::vector<const ServiceView*> found;
  for (const auto& [name, service] : around.services) {
    if (service.selector.empty() || !audit::WellKnown::get().is_system_namespace(name.first)) {
      continue;
    }
    const auto label = service.labels.find("k8s-app");
    const auto app = service.labels.find("app.kubernetes.io/name");
    const bool is_named = (label != service.labels.end() && label->second == "kube-dns") ||
                          (app != service.labels.end() && app->second == "coredns") ||
                          name.second == "kube-dns" || name.second == "dns-default" ||
                          name.second.find("coredns") != std::string::npos;
    const bool answers = std::any_of(service.ports.begin(), service.ports.end(),
                                     [](const auto& p) { return p.number == k_dns_port; });
    if (is_named && answers) found.push_back(&service);
  }
  return found;
}

// Port 53 over both protocols, and where the pods really listen.
class DnsRule {
 public:
  DnsRule(const Surroundings& around, std::vector<std::string>& notes) : m_around(around) {
    add_port("UDP", k_dns_port);
    add_port("TCP", k_dns_port);
    for (const ServiceView* const service : dns_services(around)) add(*service);
    for (const auto& [ns, pods] : around.pods) {
      for (const PodView& pod : pods) add_cache(pod);
    }
    if (m_peers.empty()) {
      notes.push_back("the cluster's DNS was not found, so port 53 is opened to every destination");
    }
  }

  [[nodiscard]] Json json() const {
    Json rule{{"ports", m_ports}};
    if (!m_peers.empty()) rule["to"] = m_peers;
    return rule;
  }

 private:
  void add(const ServiceView& service) {
    Json peer = namespace_peer(service.name.first);
    peer["podSelector"] = {{"matchLabels", service.selector}};
    add_peer(std::move(peer));
    const auto pods = m_around.behind(service);
    for (const PodView* const pod : pods) {
      // No selector matches pods on their node's network.
      if (!pod->net.host_network) continue;
      for (const model::Cidr& ip : pod->net.ips) add_peer(block_peer(ip));
    }
    for (const ServiceView::Port& port : service.ports) {
      if (port.number != k_dns_port) continue;
      for (const PodView* const pod : pods) {
        const int target = port_of(*pod, port.target);
        if (target != 0) add_port(model::to_string(port.protocol), target);
      }
    }
  }

  // The cache of a node answers on addresses of its own, and on the Service's.
  void add_cache(const PodView& pod) {
    for (const std::string& address : pod.local_dns) {
      if (const auto cidr = model::Cidr::parse_address(address)) add_peer(block_peer(*cidr));
    }
  }

  void add_peer(Json peer) {
    if (std::find(m_peers.begin(), m_peers.end(), peer) == m_peers.end()) {
      m_peers.push_back(std::move(peer));
    }
  }

  void add_port(std::string_view protocol, int number) {
    Json port = port_json(protocol, number);
    if (std::find(m_ports.begin(), m_ports.end(), port) == m_ports.end()) {
      m_ports.push_back(std::move(port));
    }
  }

  const Surroundings& m_around;
  Json m_peers = Json::array();
  Json m_ports = Json::array();
};

// A rule for each port: endpoints of one port belong together.
Json api_server_rules(const std::vector<ApiEndpoint>& endpoints) {
  std::map<int, std::set<std::string>> by_port;
  for (const ApiEndpoint& endpoint : endpoints) {
    by_port[endpoint.port].insert(block_peer(endpoint.address)["ipBlock"]["cidr"]);
  }
  Json rules = Json::array();
  for (const auto& [port, blocks] : by_port) {
    Json peers = Json::array();
    for (const std::string& block : blocks) peers.push_back({{"ipBlock", {{"cidr", block}}}});
    rules.push_back({{"to", std::move(peers)}, {"ports", Json::array({port_json("TCP", port)})}});
  }
  return rules;
}

// What the API server calls here stays open to it: from which address it comes depends on the
// network plugin, so the port is open to all.
void add_called_by_api_server(const Wanted& wanted, const Surroundings& around,
                              NetworkObjects& objects) {
  std::map<ServiceName, std::set<std::string>> targets;  // ports of pods
  for (const Caller& caller : around.webhooks) {
    if (caller.service.first != wanted.ns) continue;
    const auto service = around.services.find(caller.service);
    if (service == around.services.end() || service->second.selector.empty()) continue;
    const ServiceView::Port* const port = port_of(service->second, caller.port);
    if (port == nullptr) continue;
    if (targets[caller.service].insert(port->target).second) {
      objects.notes.push_back("port " + port->target + " of Service " + wanted.ns + "/" +
                              caller.service.second +
                              " stays open to all: the API server calls "
                              "it for " +
                              caller.what);
    }
  }
  for (const auto& [name, ports] : targets) {
    Json rule = Json::object();
    for (const std::string& port : ports) {
      const bool is_number = port.find_first_not_of("0123456789") == std::string::npos;
      rule["ports"].push_back(port_json("TCP", is_number ? Json(std::stoi(port)) : Json(port)));
    }
    objects.policies.push_back(
        policy(wanted.ns, "kubectl-ai-called-" + name.second,
               {{"podSelector", {{"matchLabels", around.services.at(name).selector}}},
                {"policyTypes", Json::array({"Ingress"})},
                {"ingress", Json::array({std::move(rule)})}}));
  }
}

}  // namespace

Result<NetworkObjects> network_objects(const Wanted& wanted, const Surroundings& around) {
  NetworkObjects objects;
  if (!wanted.isolates()) return objects;
  const model::NetworkProfile& network = *wanted.network;
  add_called_by_api_server(wanted, around, objects);
  const Json own_pods = Json::array({{{"podSelector", Json::object()}}});
  Json ingress = Json::array({{{"from", own_pods}}});
  for (const NetworkPeer& peer : network.allow_from) ingress.push_back(rule_json(peer, "from"));
  Json spec{{"podSelector", Json::object()},
            {"policyTypes", Json::array({"Ingress"})},
            {"ingress", std::move(ingress)}};
  if (network.isolate == model::Isolation::both) {
    Json egress = Json::array({{{"to", own_pods}}});
    if (network.dns) egress.push_back(DnsRule(around, objects.notes).json());
    if (network.api_server) {
      if (around.api_endpoints.empty()) {
        return fail(Error(ErrorCode::not_found,
                          "the addresses of the API server are not known: EndpointSlice "
                          "default/kubernetes cannot be read or has none")
                        .with_hint("nothing was written; name them in allowTo instead"));
      }
      for (Json& rule : api_server_rules(around.api_endpoints)) egress.push_back(std::move(rule));
    }
    for (const NetworkPeer& peer : network.allow_to) egress.push_back(rule_json(peer, "to"));
    spec["policyTypes"].push_back("Egress");
    spec["egress"] = std::move(egress);
  }
  objects.policies.push_back(policy(wanted.ns, "kubectl-ai", std::move(spec)));
  return objects;
}

}  // namespace kai::policy
