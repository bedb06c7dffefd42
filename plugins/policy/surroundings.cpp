#include "surroundings.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::Labels;

const Json& list_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json k_none = Json::array();
  const Json* const found = model::find_path(object, path);
  return found != nullptr && found->is_array() ? *found : k_none;
}

Labels labels_at(const Json& object, std::initializer_list<std::string_view> path) {
  Labels labels;
  const Json* const found = model::find_path(object, path);
  if (found == nullptr || !found->is_object()) return labels;
  for (const auto& [key, value] : found->get_ref<const Json::object_t&>()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return labels;
}

std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
  return std::string(model::string_at(object, path));
}

// A port by number or name.
std::string port_text(const Json* port) {
  if (port == nullptr) return {};
  if (port->is_number_integer()) return std::to_string(port->get<std::int64_t>());
  return port->is_string() ? port->get<std::string>() : std::string();
}

int number_of(const std::string& text) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? number : 0;
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

// `minio.data`, `minio.data.svc`, `minio.data.svc.cluster.local`: what looks like it is kept,
// and counts only where there is such a Service.
void find_services(std::string_view text, std::set<ServiceName>& found) {
  while (!text.empty()) {
    const auto begin = std::find_if(text.begin(), text.end(), is_host_char);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    const auto end = std::find_if_not(text.begin(), text.end(), is_host_char);
    std::string_view host = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(host.size());
    const auto first = host.find('.');
    if (first == std::string_view::npos || first == 0) continue;
    const std::string_view rest = host.substr(first + 1);
    const auto second = rest.find('.');
    const std::string_view ns = rest.substr(0, second);
    const std::string_view tail =
        second == std::string_view::npos ? std::string_view() : rest.substr(second + 1);
    if (ns.empty()) continue;
    if (tail.empty() || tail == "svc" || tail.starts_with("svc.")) {
      found.emplace(std::string(ns), std::string(host.substr(0, first)));
    }
  }
}

void find_services_in(const Json& value, std::set<ServiceName>& found) {
  if (value.is_string()) find_services(value.get_ref<const std::string&>(), found);
}

void read_container(const Json& container, PodView& view) {
  view.images.push_back(text_at(container, {"image"}));
  for (const std::string_view list : {"command", "args"}) {
    for (const Json& word : list_at(container, {list})) find_services_in(word, view.mentions);
  }
  for (const Json& variable : list_at(container, {"env"})) {
    const Json* const value = model::find_path(variable, {"value"});
    if (value != nullptr) find_services_in(*value, view.mentions);
  }
}

bool is_local_dns(const PodView& view) {
  return std::any_of(view.images.begin(), view.images.end(), [](const std::string& image) {
    return image.find("k8s-dns-node-cache") != std::string::npos;
  });
}

// -localip 169.254.20.10,10.96.0.10
void read_local_dns(const Json& pod, PodView& view) {
  if (!is_local_dns(view)) return;
  for (const Json& container : list_at(pod, {"spec", "containers"})) {
    bool next = false;
    for (const Json& word : list_at(container, {"args"})) {
      std::string text = word.is_string() ? word.get<std::string>() : "";
      constexpr std::string_view k_flag = "localip";
      const auto dashes = text.find_first_not_of('-');
      const std::string name = dashes == std::string::npos ? "" : text.substr(dashes);
      if (name.starts_with(std::string(k_flag) + "=")) {
        text = name.substr(k_flag.size() + 1);
      } else if (!next) {
        next = dashes > 0 && name == k_flag;
        continue;
      }
      next = false;
      while (!text.empty()) {
        const auto comma = text.find(',');
        view.local_dns.push_back(text.substr(0, comma));
        text = comma == std::string::npos ? "" : text.substr(comma + 1);
      }
    }
  }
}

// prometheus.io/scrape and prometheus.io/port.
void read_scrape(const Json& object, bool& scraped, std::string& port) {
  const auto annotations = labels_at(object, {"metadata", "annotations"});
  const auto scrape = annotations.find("prometheus.io/scrape");
  scraped = scrape != annotations.end() && scrape->second == "true";
  const auto found = annotations.find("prometheus.io/port");
  if (found != annotations.end()) port = found->second;
}

std::string name_text(const Json& object) {
  return text_at(object, {"metadata", "namespace"}) + "/" + text_at(object, {"metadata", "name"});
}

}  // namespace

PodView PodView::from_json(const Json& pod) {
  PodView view;
  view.net = model::NetworkPod::from_json(pod);
  for (const std::string_view list : {"initContainers", "containers"}) {
    for (const Json& container : list_at(pod, {"spec", list})) read_container(container, view);
  }
  std::erase_if(view.mentions, [&](const ServiceName& name) { return name.first == view.net.ns; });
  if (model::bool_at(pod, {"spec", "automountServiceAccountToken"}, true)) {
    view.account = model::string_at(pod, {"spec", "serviceAccountName"});
  }
  read_scrape(pod, view.scraped, view.scrape_port);
  read_local_dns(pod, view);
  return view;
}

ServiceView ServiceView::from_json(const Json& service) {
  ServiceView view;
  view.name = {text_at(service, {"metadata", "namespace"}), text_at(service, {"metadata", "name"})};
  view.labels = labels_at(service, {"metadata", "labels"});
  view.selector = labels_at(service, {"spec", "selector"});
  view.type = text_at(service, {"spec", "type"});
  for (const Json& json : list_at(service, {"spec", "ports"})) {
    Port port;
    port.name = text_at(json, {"name"});
    port.number = static_cast<int>(model::int_at(json, {"port"}));
    port.protocol = model::parse_protocol(model::string_at(json, {"protocol"}, "TCP"))
                        .value_or(model::Protocol::tcp);
    port.target = port_text(model::find_path(json, {"targetPort"}));
    if (port.target.empty() || port.target == "0") port.target = std::to_string(port.number);
    view.ports.push_back(std::move(port));
  }
  read_scrape(service, view.scraped, view.scrape_port);
  return view;
}

std::vector<Caller> callers_of_ingress(const Json& ingress) {
  std::vector<Caller> callers;
  const std::string ns = text_at(ingress, {"metadata", "namespace"});
  const std::string what = "Ingress " + name_text(ingress);
  const auto add = [&](const Json* backend) {
    if (backend == nullptr) return;
    const std::string name = text_at(*backend, {"service", "name"});
    if (name.empty()) return;
    std::string port = text_at(*backend, {"service", "port", "name"});
    if (port.empty()) port = port_text(model::find_path(*backend, {"service", "port", "number"}));
    callers.push_back({what, {ns, name}, std::move(port)});
  };
  add(model::find_path(ingress, {"spec", "defaultBackend"}));
  for (const Json& rule : list_at(ingress, {"spec", "rules"})) {
    for (const Json& path : list_at(rule, {"http", "paths"})) {
      add(model::find_path(path, {"backend"}));
    }
  }
  return callers;
}

std::vector<Caller> callers_of_webhooks(const model::Resource& configuration) {
  std::vector<Caller> callers;
  for (const Json& webhook : list_at(configuration.json(), {"webhooks"})) {
    const std::string name = text_at(webhook, {"clientConfig", "service", "name"});
    if (name.empty()) continue;
    callers.push_back({"webhook " + text_at(webhook, {"name"}),
                       {text_at(webhook, {"clientConfig", "service", "namespace"}), name},
                       port_text(model::find_path(webhook, {"clientConfig", "service", "port"}))});
  }
  return callers;
}

std::optional<Caller> caller_of_api_service(const model::Resource& api_service) {
  const std::string name = text_at(api_service.json(), {"spec", "service", "name"});
  if (name.empty()) return std::nullopt;
  return Caller{"aggregated API " + std::string(api_service.name()),
                {text_at(api_service.json(), {"spec", "service", "namespace"}), name},
                port_text(model::find_path(api_service.json(), {"spec", "service", "port"}))};
}

std::optional<Monitor> Monitor::from_json(const model::Resource& object) {
  const Json& json = object.json();
  Monitor monitor;
  monitor.what = std::string(object.kind()) + " " + name_text(json);
  monitor.ns = object.ns();
  monitor.of_pods = object.kind() == "PodMonitor";
  monitor.everywhere = model::bool_at(json, {"spec", "namespaceSelector", "any"});
  for (const Json& name : list_at(json, {"spec", "namespaceSelector", "matchNames"})) {
    if (name.is_string()) monitor.namespaces.insert(name.get<std::string>());
  }
  const Json* const selector = model::find_path(json, {"spec", "selector"});
  if (selector == nullptr) return std::nullopt;
  auto read = model::LabelSelector::from_json(*selector);
  if (!read) return std::nullopt;
  monitor.selector = *std::move(read);
  for (const Json& endpoint :
       list_at(json, {"spec", monitor.of_pods ? "podMetricsEndpoints" : "endpoints"})) {
    std::string port = text_at(endpoint, {"port"});
    if (port.empty()) port = port_text(model::find_path(endpoint, {"targetPort"}));
    if (!port.empty()) monitor.ports.push_back(std::move(port));
  }
  return monitor;
}

bool Monitor::covers(std::string_view namespace_name) const {
  if (everywhere) return true;
  if (namespaces.empty()) return ns == namespace_name;
  return namespaces.contains(std::string(namespace_name));
}

std::vector<const PodView*> Surroundings::behind(const ServiceView& service) const {
  std::vector<const PodView*> found;
  const auto here = pods.find(service.name.first);
  if (service.selector.empty() || here == pods.end()) return found;
  for (const PodView& pod : here->second) {
    if (pod.net.finished) continue;
    const bool matches =
        std::all_of(service.selector.begin(), service.selector.end(), [&](const auto& wanted) {
          const auto label = pod.net.labels.find(wanted.first);
          return label != pod.net.labels.end() && label->second == wanted.second;
        });
    if (matches) found.push_back(&pod);
  }
  return found;
}

model::NetworkPod Surroundings::endpoint(const PodView& pod) const {
  model::NetworkPod net = pod.net;
  const auto labels = namespaces.find(net.ns);
  net.ns_labels =
      model::namespace_labels(net.ns, labels == namespaces.end() ? Labels() : labels->second);
  return net;
}

std::vector<std::pair<std::string, std::string>> accounts_of(const Json& binding) {
  std::vector<std::pair<std::string, std::string>> accounts;
  for (const Json& subject : list_at(binding, {"subjects"})) {
    if (model::string_at(subject, {"kind"}) != "ServiceAccount") continue;
    accounts.emplace_back(text_at(subject, {"namespace"}), text_at(subject, {"name"}));
  }
  return accounts;
}

std::vector<ApiEndpoint> endpoints_of(const Json& slice) {
  std::vector<ApiEndpoint> found;
  for (const Json& endpoint : list_at(slice, {"endpoints"})) {
    for (const Json& address : list_at(endpoint, {"addresses"})) {
      if (!address.is_string()) continue;
      const auto cidr = model::Cidr::parse_address(address.get_ref<const std::string&>());
      if (!cidr) continue;
      for (const Json& port : list_at(slice, {"ports"})) {
        found.push_back({*cidr, static_cast<int>(model::int_at(port, {"port"}))});
      }
    }
  }
  return found;
}

int port_of(const PodView& pod, const std::string& port) {
  if (const int number = number_of(port); number != 0) return number;
  for (const model::NetworkPod::Port& known : pod.net.ports) {
    if (known.name == port) return known.number;
  }
  return 0;
}

const ServiceView::Port* port_of(const ServiceView& service, const std::string& port) {
  const int number = port.empty() ? 443 : number_of(port);
  for (const ServiceView::Port& known : service.ports) {
    if (number != 0 ? known.number == number : known.name == port) return &known;
  }
  return nullptr;
}

}  // namespace kai::policy
