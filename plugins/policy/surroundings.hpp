// What is around namespaces that shall be closed: pods, Services and whatever tells that one
// talks to another. Values; pure functions over objects as the server returns them, in which
// what is absent or of the wrong type is left out.
#pragma once

#include <kai/model/network_policy.hpp>
#include <kai/model/network_reach.hpp>
#include <kai/model/resource.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kai::policy {

using ServiceName = std::pair<std::string, std::string>;  // namespace, name

struct PodView {
  model::NetworkPod net;  // without the labels of its namespace
  std::vector<std::string> images;
  // Services of other namespaces that its command, arguments or environment name.
  std::set<ServiceName> mentions;
  std::string account;                 // the service account whose token it is given; empty: none
  bool scraped = false;                // by annotation
  std::string scrape_port;             // of that annotation; empty: not said
  std::vector<std::string> local_dns;  // addresses on which it answers as a DNS cache of nodes

  static PodView from_json(const model::Json& pod);
};

struct ServiceView {
  struct Port {
    std::string name;
    int number = 0;
    model::Protocol protocol = model::Protocol::tcp;
    std::string target;  // a number or a name; of its pods
  };
  ServiceName name;
  model::Labels labels;
  model::Labels selector;  // empty: somebody else fills in its endpoints
  std::string type;
  std::vector<Port> ports;
  bool scraped = false;
  std::string scrape_port;

  static ServiceView from_json(const model::Json& service);
};

// Something that calls a Service: an Ingress, a webhook, an aggregated API.
struct Caller {
  std::string what;  // "Ingress team/web", "webhook pods.example.com of ValidatingWebhook…"
  ServiceName service;
  std::string port;  // a number or a name; empty: 443
};
std::vector<Caller> callers_of_ingress(const model::Json& ingress);
std::vector<Caller> callers_of_webhooks(const model::Resource& configuration);
std::optional<Caller> caller_of_api_service(const model::Resource& api_service);

// What a ServiceMonitor or a PodMonitor has scraped.
struct Monitor {
  std::string what;  // "ServiceMonitor monitoring/app"
  std::string ns;
  bool of_pods = false;
  bool everywhere = false;
  std::set<std::string> namespaces;  // empty: its own
  model::LabelSelector selector;
  std::vector<std::string> ports;  // names, or numbers of pods

  static std::optional<Monitor> from_json(const model::Resource& object);
  [[nodiscard]] bool covers(std::string_view namespace_name) const;
};

// Where the API server is really reached.
struct ApiEndpoint {
  model::Cidr address;
  int port = 0;
};

struct Surroundings {
  std::map<std::string, std::vector<PodView>, std::less<>> pods;  // by namespace
  std::map<ServiceName, ServiceView> services;
  std::map<std::string, model::Labels, std::less<>> namespaces;
  std::vector<model::NetworkPolicy> policies;  // that are there, ours too
  std::vector<Caller> ingresses;
  std::vector<Caller> webhooks;  // and aggregated APIs: the API server calls these
  std::vector<Monitor> monitors;
  std::vector<ApiEndpoint> api_endpoints;
  // Service accounts, by namespace and name, that have rights of their own.
  std::set<std::pair<std::string, std::string>> accounts_with_rights;

  // Pods behind a Service that take connections.
  [[nodiscard]] std::vector<const PodView*> behind(const ServiceView& service) const;
  // A pod as a judge of NetworkPolicies wants it.
  [[nodiscard]] model::NetworkPod endpoint(const PodView& pod) const;
};

// The service accounts that a binding gives something to.
std::vector<std::pair<std::string, std::string>> accounts_of(const model::Json& binding);

// The addresses and ports of an EndpointSlice.
std::vector<ApiEndpoint> endpoints_of(const model::Json& slice);

// The number of a pod's port, by number or name; 0: it has none of that name.
int port_of(const PodView& pod, const std::string& port);
// The port of a Service that a caller names by number or name; nullptr: it has no such.
const ServiceView::Port* port_of(const ServiceView& service, const std::string& port);

}  // namespace kai::policy
