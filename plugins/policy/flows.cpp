#include "flows.hpp"

#include <kai/model/network_reach.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

namespace kai::policy {
namespace {

using model::NetworkPolicy;

constexpr output::ImpactKind k_cut{"cut", output::Style::bad, "flow", "would be cut"};

// Where somebody outside of the cluster would come from (RFC 5737).
constexpr std::string_view k_outside = "203.0.113.1";

// By the end of an image's repository.
constexpr std::string_view k_ingress_controllers[] = {"ingress-nginx/controller",
                                                      "nginx/nginx-ingress",
                                                      "library/traefik",
                                                      "traefik/traefik",
                                                      "traefik",
                                                      "haproxytech/kubernetes-ingress",
                                                      "jcmoraisjr/haproxy-ingress",
                                                      "kong/kubernetes-ingress-controller",
                                                      "kong",
                                                      "envoyproxy/envoy"};
constexpr std::string_view k_scrapers[] = {"prometheus/prometheus", "prom/prometheus",
                                           "victoriametrics/vmagent", "grafana/alloy",
                                           "grafana/agent"};

bool runs_one_of(const PodView& pod, std::span<const std::string_view> images) {
  return std::any_of(pod.images.begin(), pod.images.end(), [&](const std::string& image) {
    std::string_view name = image;
    name = name.substr(0, name.find('@'));
    const auto colon = name.rfind(':');
    if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
      name = name.substr(0, colon);
    }
    return std::any_of(images.begin(), images.end(), [&](std::string_view known) {
      return name == known || (name.size() > known.size() && name.ends_with(known) &&
                               name[name.size() - known.size() - 1] == '/');
    });
  });
}

// The policies of each namespace.
class Policies {
 public:
  explicit Policies(const std::vector<NetworkPolicy>& all) {
    for (const NetworkPolicy& policy : all) m_by_namespace[policy.ns].push_back(policy);
  }
  // Those of two namespaces, which is all that counts for a flow between them.
  [[nodiscard]] bool allow(const model::Flow& flow) const {
    std::vector<NetworkPolicy> both;
    std::set<std::string> namespaces;
    for (const model::Endpoint* const side : {&flow.from, &flow.to}) {
      if (const auto* const pod = std::get_if<model::NetworkPod>(side)) namespaces.insert(pod->ns);
    }
    for (const std::string& ns : namespaces) {
      const auto found = m_by_namespace.find(ns);
      if (found == m_by_namespace.end()) continue;
      both.insert(both.end(), found->second.begin(), found->second.end());
    }
    return model::may_reach(flow, both).allowed;
  }

 private:
  std::map<std::string, std::vector<NetworkPolicy>> m_by_namespace;
};

class Search {
 public:
  Search(const Request& request, const Surroundings& around,
         const std::vector<NetworkPolicy>& after, const audit::Facts* facts)
      : m_request(request),
        m_around(around),
        m_before(around.policies),
        m_after(with_others(around.policies, after)),
        m_facts(facts) {}

  std::vector<output::Impact> run() {
    for (const auto& [ns, pods] : m_around.pods) {
      for (const PodView& pod : pods) {
        if (pod.net.finished) continue;
        mentions(pod);
        calls_api_server(pod);
        if (runs_one_of(pod, k_ingress_controllers)) m_controllers.push_back(&pod);
        if (runs_one_of(pod, k_scrapers)) m_scrapers.push_back(&pod);
      }
    }
    ingresses();
    called_by_api_server();
    monitors();
    annotated_scrapes();
    open_services();
    return std::move(m_impacts);
  }

 private:
  // Those of namespaces that are closed are replaced.
  std::vector<NetworkPolicy> with_others(const std::vector<NetworkPolicy>& before,
                                         const std::vector<NetworkPolicy>& after) const {
    std::vector<NetworkPolicy> all = after;
    for (const NetworkPolicy& policy : before) {
      const Wanted* const wanted = m_request.find(policy.ns);
      if (wanted == nullptr || !wanted->isolates()) all.push_back(policy);
    }
    return all;
  }

  [[nodiscard]] bool is_closed(const std::string& ns) const {
    const Wanted* const wanted = m_request.find(ns);
    return wanted != nullptr && wanted->isolates();
  }

  [[nodiscard]] std::string name_of(const PodView& pod) const {
    const audit::Pod* const known =
        m_facts == nullptr ? nullptr : m_facts->pod(pod.net.ns, pod.net.name);
    if (known == nullptr) return "Pod " + pod.net.ns + "/" + pod.net.name;
    return audit::controller_ref(*known).to_string();
  }

  // Tells of it when it goes through now, and would not any more.
  void judge(const model::Endpoint& from, const PodView& to, int port, model::Protocol protocol,
             const model::ObjectRef& told, const std::string& who, const std::string& remedy) {
    if (port == 0) return;
    const model::Flow flow{from, m_around.endpoint(to), port, protocol};
    if (!m_before.allow(flow) || m_after.allow(flow)) return;
    if (!m_told.emplace(told, port, who).second) return;
    const std::string number =
        std::to_string(port) + (protocol == model::Protocol::tcp
                                    ? std::string()
                                    : "/" + std::string(model::to_string(protocol)));
    m_impacts.push_back({&k_cut, told, "port " + number + " " + who + "; " + remedy});
  }

  // From a pod to what is behind a port of a Service.
  void judge(const PodView& from, const ServiceView& service, const ServiceView::Port& port,
             const std::string& who, const std::string& remedy) {
    for (const PodView* const to : m_around.behind(service)) {
      judge(m_around.endpoint(from), *to, port_of(*to, port.target), port.protocol, ref_of(service),
            who, remedy);
    }
  }

  static model::ObjectRef ref_of(const ServiceView& service) {
    return {"v1", "Service", service.name.first, service.name.second};
  }

  static model::ObjectRef ref_of(const PodView& pod) {
    return {"v1", "Pod", pod.net.ns, pod.net.name};
  }

  static std::string allow_from(const PodView& pod) {
    return pod.net.host_network
               ? "it is on its node's network: allowFrom with its nodes' addresses keeps it"
               : "allowFrom " + pod.net.ns + " keeps it";
  }

  // Pods whose command, arguments or environment name a Service of another namespace.
  void mentions(const PodView& pod) {
    for (const ServiceName& name : pod.mentions) {
      if (!is_closed(name.first) && !is_closed(pod.net.ns)) continue;
      const auto service = m_around.services.find(name);
      if (service == m_around.services.end()) continue;
      const std::string remedy =
          is_closed(name.first) && !is_closed(pod.net.ns)
              ? allow_from(pod)
              : "allowTo " + name.first + " in " + pod.net.ns +
                    (is_closed(name.first) ? " and " + allow_from(pod) : " keeps it");
      for (const ServiceView::Port& port : service->second.ports) {
        judge(pod, service->second, port, "from " + name_of(pod) + ", which names it", remedy);
      }
    }
  }

  // Pods whose account has rights of its own are there to use them.
  void calls_api_server(const PodView& pod) {
    if (!is_closed(pod.net.ns) || pod.account.empty()) return;
    if (!m_around.accounts_with_rights.contains({pod.net.ns, pod.account})) return;
    for (const ApiEndpoint& api : m_around.api_endpoints) {
      const model::Flow flow{m_around.endpoint(pod), api.address, api.port, model::Protocol::tcp};
      if (!m_before.allow(flow) || m_after.allow(flow)) continue;
      m_impacts.push_back({&k_cut, ref_of(pod),
                           "to the API server, where its service account " + pod.account +
                               " has rights; apiServer keeps it"});
      return;
    }
  }

  void ingresses() {
    for (const Caller& caller : m_around.ingresses) {
      const ServiceView* const service = closed_service(caller);
      if (service == nullptr) continue;
      const ServiceView::Port* const port = port_of(*service, caller.port);
      if (port == nullptr) continue;
      for (const PodView* const controller : m_controllers) {
        judge(*controller, *service, *port, "from " + name_of(*controller) + ", for " + caller.what,
              allow_from(*controller));
      }
    }
  }

  void called_by_api_server() {
    for (const Caller& caller : m_around.webhooks) {
      const ServiceView* const service = closed_service(caller);
      if (service == nullptr) continue;
      const ServiceView::Port* const port = port_of(*service, caller.port);
      if (port == nullptr) continue;
      for (const ApiEndpoint& api : m_around.api_endpoints) {
        for (const PodView* const to : m_around.behind(*service)) {
          judge(api.address, *to, port_of(*to, port->target), port->protocol, ref_of(*service),
                "from the API server, for " + caller.what, "allowFrom its address keeps it");
        }
      }
    }
  }

  [[nodiscard]] const ServiceView* closed_service(const Caller& caller) const {
    if (!is_closed(caller.service.first)) return nullptr;
    const auto service = m_around.services.find(caller.service);
    return service == m_around.services.end() ? nullptr : &service->second;
  }

  void scrape(const PodView& to, int port, const model::ObjectRef& told, const std::string& why) {
    for (const PodView* const scraper : m_scrapers) {
      judge(m_around.endpoint(*scraper), to, port, model::Protocol::tcp, told,
            "from " + name_of(*scraper) + ", " + why, allow_from(*scraper));
    }
  }

  void monitors() {
    for (const Monitor& monitor : m_around.monitors) {
      for (const std::string& wanted : monitor.ports) {
        if (monitor.of_pods) {
          monitored_pods(monitor, wanted);
        } else {
          monitored_services(monitor, wanted);
        }
      }
    }
  }

  void monitored_pods(const Monitor& monitor, const std::string& wanted) {
    for (const auto& [ns, pods] : m_around.pods) {
      if (!is_closed(ns) || !monitor.covers(ns)) continue;
      for (const PodView& pod : pods) {
        if (pod.net.finished || !monitor.selector.matches(pod.net.labels)) continue;
        scrape(pod, port_of(pod, wanted), ref_of(pod), "for " + monitor.what);
      }
    }
  }

  void monitored_services(const Monitor& monitor, const std::string& wanted) {
    for (const auto& [name, service] : m_around.services) {
      if (!is_closed(name.first) || !monitor.covers(name.first)) continue;
      if (!monitor.selector.matches(service.labels)) continue;
      const auto port = std::find_if(service.ports.begin(), service.ports.end(),
                                     [&](const auto& known) { return known.name == wanted; });
      const std::string& target = port == service.ports.end() ? wanted : port->target;
      for (const PodView* const pod : m_around.behind(service)) {
        scrape(*pod, port_of(*pod, target), ref_of(service), "for " + monitor.what);
      }
    }
  }

  // prometheus.io/scrape, where the port is said.
  void annotated_scrapes() {
    const std::string why = "for its annotation prometheus.io/scrape";
    for (const auto& [ns, pods] : m_around.pods) {
      if (!is_closed(ns)) continue;
      for (const PodView& pod : pods) {
        if (!pod.scraped || pod.net.finished) continue;
        scrape(pod, port_of(pod, pod.scrape_port), ref_of(pod), why);
      }
    }
    for (const auto& [name, service] : m_around.services) {
      if (!service.scraped || !is_closed(name.first)) continue;
      for (const PodView* const pod : m_around.behind(service)) {
        scrape(*pod, port_of(*pod, service.scrape_port), ref_of(service), why);
      }
    }
  }

  // Services that are there to be reached from outside.
  void open_services() {
    const auto outside = model::Cidr::parse_address(k_outside);
    if (!outside) return;
    for (const auto& [name, service] : m_around.services) {
      if (!is_closed(name.first)) continue;
      if (service.type != "LoadBalancer" && service.type != "NodePort") continue;
      for (const ServiceView::Port& port : service.ports) {
        for (const PodView* const pod : m_around.behind(service)) {
          judge(*outside, *pod, port_of(*pod, port.target), port.protocol, ref_of(service),
                "from outside, as it is a " + service.type, "allowFrom with a cidr keeps it");
        }
      }
    }
  }

  const Request& m_request;
  const Surroundings& m_around;
  Policies m_before;
  Policies m_after;
  const audit::Facts* m_facts;
  std::vector<const PodView*> m_controllers;
  std::vector<const PodView*> m_scrapers;
  std::set<std::tuple<model::ObjectRef, int, std::string>> m_told;
  std::vector<output::Impact> m_impacts;
};

}  // namespace

std::vector<output::Impact> cut_flows(const Request& request, const Surroundings& around,
                                      const std::vector<NetworkPolicy>& after,
                                      const audit::Facts* facts) {
  if (!request.isolates()) return {};
  return Search(request, around, after, facts).run();
}

}  // namespace kai::policy
