// What is built is judged, not compared: by the judge of `policy test`.
#include "network_objects.hpp"

#include "builders.hpp"
#include "flows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/network_reach.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json object(std::string_view yaml) {
  return test::object(yaml).json();
}

Request isolate(const std::string& network) {
  return test::request_of(", network: " + network);
}

class World : public testing::Test {
 protected:
  World() {
    pod("team", "app", "labels: {app: app}",
        "containers: [{name: a, ports: [{name: http, containerPort: 8080}]}]", "10.1.0.1");
    pod("web", "front", "labels: {}",
        "containers: [{name: a, env: [{name: A, value: 'http://app.team:80/x'}]}]", "10.1.0.2");
    pod("kube-system", "coredns", "labels: {k8s-app: kube-dns}",
        "containers: [{name: a, ports: [{name: dns, containerPort: 5353, protocol: UDP}]}]",
        "10.1.0.3");
    service("team", "app",
            "{selector: {app: app}, ports: [{name: web, port: 80, targetPort: http}]}");
    service("kube-system", "kube-dns",
            "{selector: {k8s-app: kube-dns}, ports: [{port: 53, targetPort: dns, protocol: UDP}]}");
    around.api_endpoints.push_back({*model::Cidr::parse_address("192.0.2.1"), 6443});
  }

  void pod(const std::string& ns, const std::string& name, const std::string& metadata,
           const std::string& spec, const std::string& ip) {
    around.namespaces.emplace(ns, model::Labels());
    around.pods[ns].push_back(PodView::from_json(
        object("{metadata: {name: " + name + ", namespace: " + ns + ", " + metadata + "}, spec: {" +
               spec + "}, status: {phase: Running, podIPs: [{ip: " + ip + "}]}}")));
  }

  void service(const std::string& ns, const std::string& name, const std::string& spec) {
    ServiceView view = ServiceView::from_json(
        object("{metadata: {name: " + name + ", namespace: " + ns + "}, spec: " + spec + "}"));
    around.services.emplace(view.name, view);
  }

  model::Endpoint end(const std::string& name) {
    for (const auto& [ns, pods] : around.pods) {
      for (const PodView& found : pods) {
        if (found.net.name == name) return around.endpoint(found);
      }
    }
    return *model::Cidr::parse_address(name);
  }

  std::vector<model::NetworkPolicy> build(const Request& request) {
    auto objects = network_objects(request.namespaces.front(), around);
    EXPECT_TRUE(objects) << objects.error().message;
    std::vector<model::NetworkPolicy> policies;
    if (!objects) return policies;
    notes = objects->notes;
    for (const Resource& made : objects->policies) {
      auto policy = model::NetworkPolicy::from_json(made.json());
      EXPECT_TRUE(policy) << policy.error().message;
      if (policy) policies.push_back(*std::move(policy));
    }
    return policies;
  }

  bool reaches(const Request& request, const std::string& from, const std::string& to, int port,
               model::Protocol protocol = model::Protocol::tcp) {
    return model::may_reach({end(from), end(to), port, protocol}, build(request)).allowed;
  }

  // "Service team/app: port 8080 …"
  std::vector<std::string> cut(const Request& request) {
    std::vector<std::string> lines;
    for (const output::Impact& impact : cut_flows(request, around, build(request), nullptr)) {
      lines.push_back(impact.object.to_string() + ": " + impact.detail);
    }
    return lines;
  }

  Surroundings around;
  std::vector<std::string> notes;
};

TEST_F(World, ClosesBothWaysButForTheNamespaceItself) {
  const Request request = isolate("{isolate: true, dns: true}");
  pod("team", "other", "labels: {}", "containers: []", "10.1.0.9");
  EXPECT_TRUE(reaches(request, "other", "app", 8080));
  EXPECT_FALSE(reaches(request, "front", "app", 8080));
  EXPECT_FALSE(reaches(request, "app", "front", 80));
  EXPECT_FALSE(reaches(request, "app", "203.0.113.1", 443));
  EXPECT_FALSE(reaches(request, "203.0.113.1", "app", 8080));
}

TEST_F(World, IngressAloneLeavesTheWayOutOpen) {
  const Request request = isolate("{isolate: ingress}");
  EXPECT_FALSE(reaches(request, "front", "app", 8080));
  EXPECT_TRUE(reaches(request, "app", "front", 80));
}

TEST_F(World, DnsIsOpenWhereItIs) {
  const Request request = isolate("{isolate: true, dns: true}");
  for (const auto protocol : {model::Protocol::udp, model::Protocol::tcp}) {
    EXPECT_TRUE(reaches(request, "app", "coredns", 53, protocol));
  }
  EXPECT_TRUE(reaches(request, "app", "coredns", 5353, model::Protocol::udp));
  EXPECT_FALSE(reaches(request, "app", "coredns", 9153));
  EXPECT_FALSE(reaches(request, "app", "203.0.113.1", 53, model::Protocol::udp));
  EXPECT_THAT(notes, IsEmpty());
  around.services.erase({"kube-system", "kube-dns"});
  EXPECT_TRUE(reaches(request, "app", "203.0.113.1", 53, model::Protocol::udp));
  EXPECT_THAT(notes, Contains(HasSubstr("was not found")));
}

TEST_F(World, DnsOnNodesIsOpenToo) {
  pod("kube-system", "cache", "labels: {}",
      "hostNetwork: true, containers: [{name: a, image: "
      "registry.k8s.io/dns/k8s-dns-node-cache:1.26, "
      "args: [-localip, '169.254.20.10,10.96.0.10', -conf, x]}]",
      "192.0.2.7");
  const Request request = isolate("{isolate: true, dns: true}");
  EXPECT_TRUE(reaches(request, "app", "169.254.20.10", 53, model::Protocol::udp));
  EXPECT_TRUE(reaches(request, "app", "10.96.0.10", 53));
  EXPECT_FALSE(reaches(request, "app", "169.254.20.10", 80));
}

TEST_F(World, TheApiServerIsOpenWhereItIs) {
  const Request request = isolate("{isolate: true, dns: true, apiServer: true}");
  EXPECT_TRUE(reaches(request, "app", "192.0.2.1", 6443));
  EXPECT_FALSE(reaches(request, "app", "192.0.2.1", 22));
  around.api_endpoints.clear();
  const auto objects = network_objects(request.namespaces.front(), around);
  ASSERT_FALSE(objects);
  EXPECT_THAT(objects.error().message, HasSubstr("API server"));
}

TEST_F(World, AllowListsByNamespacePodsPortsAndAddresses) {
  const Request request = isolate(
      "{isolate: true, dns: true, allowFrom: [{namespace: web, pods: {app: front}, ports: [http]}, "
      "{cidr: 203.0.113.0/24, except: [203.0.113.8/29], ports: [8000-8100]}], allowTo: [web]}");
  EXPECT_FALSE(reaches(request, "front", "app", 8080));  // it has not the label
  pod("web", "right", "labels: {app: front}", "containers: []", "10.1.0.8");
  EXPECT_TRUE(reaches(request, "right", "app", 8080));
  EXPECT_FALSE(reaches(request, "right", "app", 8081));
  EXPECT_TRUE(reaches(request, "203.0.113.1", "app", 8081));
  EXPECT_FALSE(reaches(request, "203.0.113.9", "app", 8081));
  EXPECT_TRUE(reaches(request, "app", "front", 1));
}

TEST_F(World, WhatTheApiServerCallsStaysOpen) {
  around.webhooks.push_back({"webhook a", {"team", "app"}, "80"});
  const Request request = isolate("{isolate: true, dns: true}");
  EXPECT_TRUE(reaches(request, "192.0.2.1", "app", 8080));
  EXPECT_FALSE(reaches(request, "192.0.2.1", "app", 8081));
  EXPECT_THAT(notes, Contains(HasSubstr("for webhook a")));
}

TEST_F(World, NamesWhoNamesAServiceFromElsewhere) {
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true}")),
              ElementsAre("Service team/app: port 8080 from Pod web/front, which names it; "
                          "allowFrom web keeps it"));
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, allowFrom: [web]}")), IsEmpty());
}

TEST_F(World, WhatIsCutAlreadyIsNotNamed) {
  auto closed = model::NetworkPolicy::from_json(
      object("{metadata: {name: a, namespace: team}, spec: {podSelector: {}}}"));
  ASSERT_TRUE(closed);
  around.policies.push_back(*closed);
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true}")), IsEmpty());
}

TEST_F(World, NamesTheWayOutAsWell) {
  service("data", "minio", "{selector: {app: minio}, ports: [{port: 9000}]}");
  pod("data", "minio", "labels: {app: minio}", "containers: []", "10.1.0.7");
  pod("team", "train", "labels: {}",
      "containers: [{name: a, args: ['--s3=minio.data.svc.cluster.local:9000']}]", "10.1.0.6");
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, allowFrom: [web]}")),
              ElementsAre("Service data/minio: port 9000 from Pod team/train, which names it; "
                          "allowTo data in team keeps it"));
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, allowFrom: [web], allowTo: [data]}")),
              IsEmpty());
}

TEST_F(World, NamesWhoHasRightsAtTheApiServer) {
  for (const std::string name : {"operator", "plain"}) {
    pod("team", name, "labels: {}", "serviceAccountName: " + name + ", containers: []", "10.1.0.4");
  }
  const Json binding = object(
      "{subjects: [{kind: ServiceAccount, namespace: team, name: operator}, {kind: User, name: "
      "a}]}");
  for (const auto& account : accounts_of(binding)) around.accounts_with_rights.insert(account);
  EXPECT_THAT(
      cut(isolate("{isolate: true, dns: true, allowFrom: [web]}")),
      ElementsAre("Pod team/operator: to the API server, where its service account operator "
                  "has rights; apiServer keeps it"));
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, apiServer: true, allowFrom: [web]}")),
              IsEmpty());
}

TEST_F(World, NamesMonitors) {
  pod("mon", "prometheus-0", "labels: {}",
      "containers: [{name: a, image: quay.io/prometheus/prometheus:v3}]", "10.1.0.5");
  around.monitors.push_back(*Monitor::from_json(Resource(object(
      "{kind: ServiceMonitor, metadata: {name: m, namespace: mon}, spec: {namespaceSelector: "
      "{matchNames: [team]}, selector: {}, endpoints: [{port: web}]}}"))));
  around.monitors.push_back(*Monitor::from_json(Resource(
      object("{kind: PodMonitor, metadata: {name: p, namespace: mon}, spec: {selector: {}, "
             "podMetricsEndpoints: [{port: http}]}}"))));  // of its own namespace
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, allowFrom: [web]}")),
              ElementsAre("Service team/app: port 8080 from Pod mon/prometheus-0, for "
                          "ServiceMonitor mon/m; allowFrom mon keeps it"));
}

TEST_F(World, AControllerOnItsNodesNetworkNeedsAddresses) {
  pod("web", "nginx", "labels: {}",
      "hostNetwork: true, containers: [{name: a, image: "
      "'registry.k8s.io/ingress-nginx/controller:v1@sha256:0'}]",
      "192.0.2.9");
  for (Caller& caller : callers_of_ingress(object("{metadata: {name: i, namespace: team}, spec: "
                                                  "{rules: [{http: {paths: [{backend: {service: "
                                                  "{name: app, port: {name: web}}}}]}}]}}"))) {
    around.ingresses.push_back(std::move(caller));
  }
  EXPECT_THAT(cut(isolate("{isolate: true, dns: true, allowFrom: [web]}")),
              ElementsAre(HasSubstr("for Ingress team/i; it is on its node's network")));
}

}  // namespace
}  // namespace kai::policy
