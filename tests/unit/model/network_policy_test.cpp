#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/network_policy.hpp>
#include <kai/model/network_reach.hpp>
#include <kai/model/yaml.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace kai::model {
namespace {

using testing::HasSubstr;

Json yaml(const std::string& text) {
  const auto document = parse_yaml(text);
  EXPECT_TRUE(document) << text << ": " << (document ? "" : document.error().message);
  return document ? document->value : Json();
}

// "team/web: {…spec…}", one policy a line.
std::vector<NetworkPolicy> policies_of(const std::string& text) {
  std::vector<NetworkPolicy> policies;
  const Json specs = yaml(text);
  for (const auto& [name, spec] : specs.items()) {
    const std::size_t slash = name.find('/');
    const Json object = {
        {"metadata", {{"namespace", name.substr(0, slash)}, {"name", name.substr(slash + 1)}}},
        {"spec", spec}};
    const auto policy = NetworkPolicy::from_json(object);
    EXPECT_TRUE(policy) << text << ": " << (policy ? "" : policy.error().message);
    if (policy) policies.push_back(*policy);
  }
  return policies;
}

// The pods that the cases talk about. `team` is red, `other` is blue.
const std::map<std::string, const char*>& world() {
  static const std::map<std::string, const char*> k_world = {
      {"web", R"({metadata: {namespace: team, name: web, labels: {app: web, tier: front}},
                  spec: {nodeName: node-1, containers: [{ports: [
                    {name: http, containerPort: 8080}, {containerPort: 9090},
                    {name: dns, containerPort: 53, protocol: UDP},
                    {name: signal, containerPort: 7000, protocol: SCTP}]}],
                    initContainers: [
                      {ports: [{name: early, containerPort: 1000}]},
                      {restartPolicy: Always, ports: [{name: proxy, containerPort: 15001}]}]},
                  status: {hostIP: 192.168.0.1, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}})"},
      {"cli", R"({metadata: {namespace: team, name: cli, labels: {app: cli}},
                  spec: {nodeName: node-2, containers: [{}]},
                  status: {hostIP: 192.168.0.2, podIP: 10.1.0.2}})"},
      {"far", R"({metadata: {namespace: other, name: far, labels: {app: cli}},
                  spec: {nodeName: node-1, containers: [{ports: [
                    {name: http, containerPort: 80}]}]},
                  status: {hostIP: 192.168.0.1, podIP: 10.2.0.1}})"},
      {"host", R"({metadata: {namespace: other, name: host, labels: {app: cli}},
                   spec: {nodeName: node-2, hostNetwork: true, containers: [{}]},
                   status: {hostIP: 192.168.0.2, podIP: 192.168.0.2}})"},
      {"near", R"({metadata: {namespace: other, name: near, labels: {app: cli}},
                   spec: {nodeName: node-1, hostNetwork: true, containers: [{}]},
                   status: {hostIP: 192.168.0.1, podIP: 192.168.0.1}})"},
      {"new", R"({metadata: {namespace: team, name: new, labels: {app: new}},
                  spec: {containers: [{}]}})"},
      {"dual", R"({metadata: {namespace: team, name: dual, labels: {app: dual}},
                   spec: {nodeName: node-2, containers: [{}]},
                   status: {podIPs: [{ip: 10.1.0.9}, {ip: "fd00::9"}]}})"},
      {"dual2", R"({metadata: {namespace: team, name: dual2, labels: {app: dual2}},
                    spec: {nodeName: node-2, containers: [{}]},
                    status: {podIPs: [{ip: "fd00::a"}, {ip: 10.1.0.10}]}})"},
      {"done", R"({metadata: {namespace: team, name: done, labels: {app: cli}},
                   spec: {nodeName: node-2, containers: [{}]},
                   status: {phase: Succeeded, hostIP: 192.168.0.2, podIP: 10.1.0.20}})"},
      {"six", R"({metadata: {namespace: team, name: six, labels: {app: six}},
                  spec: {nodeName: node-2, containers: [{}]},
                  status: {podIPs: [{ip: "fd00::6"}]}})"},
  };
  return k_world;
}

Endpoint endpoint(const std::string& name) {
  const auto found = world().find(name);
  if (found == world().end()) {
    const auto address = Cidr::parse_address(name);
    EXPECT_TRUE(address) << name;
    return *address;
  }
  NetworkPod pod = NetworkPod::from_json(yaml(found->second));
  pod.ns_labels = namespace_labels(pod.ns, {{"color", pod.ns == "team" ? "red" : "blue"}});
  return pod;
}

// "far", "web", "8080/TCP".
Flow flow(const std::string& from, const std::string& to, const std::string& port) {
  const std::size_t slash = port.find('/');
  const auto protocol = parse_protocol(port.substr(slash + 1));
  EXPECT_TRUE(protocol) << port;
  return {endpoint(from), endpoint(to), std::stoi(port.substr(0, slash)), *protocol};
}

std::string text_of(const SideVerdict& side) {
  switch (side.ground) {
    case Ground::outside: return "outside";
    case Ground::not_isolated: return "open";
    case Ground::rule: return side.rule->policy + "[" + std::to_string(side.rule->rule) + "]";
    case Ground::no_rule: return "closed";
    case Ground::itself: return "itself";
    case Ground::own_node: return "node";
    case Ground::host_network: return "host";
  }
  return {};
}

std::string text_of(Doubt doubt) {
  switch (doubt) {
    case Doubt::ip_block_and_pod: return "block";
    case Doubt::host_network: return "host";
    case Doubt::itself: return "itself";
    case Doubt::own_node: return "node";
    case Doubt::no_address: return "address";
    case Doubt::other_family: return "family";
  }
  return {};
}

// "yes open closed", then what is in doubt: "yes open rule[0] ?block".
std::string text_of(const Reach& reach) {
  std::string text = reach.allowed ? "yes " : "no ";
  text += text_of(reach.egress) + " " + text_of(reach.ingress);
  for (const Doubt doubt : reach.doubts) text += " ?" + text_of(doubt);
  return text;
}

struct Case {
  const char* name;
  const char* policies;
  const char* from;
  const char* to;
  const char* port;
  // Answer, egress of the source, ingress of the destination, doubts.
  const char* answer;
};

// What the API's documentation says of each field, in its order
// (k8s.io/api/networking/v1/types.go); behind it, what it leaves open.
const std::vector<Case>& cases() {
  static const std::vector<Case> k_cases = {
      // No policy selects the pod.
      {"no policies", "{}", "far", "web", "8080/TCP", "yes open open"},
      {"a policy of another namespace", "{other/p: {}}", "cli", "web", "8080/TCP", "yes open open"},
      {"a policy that selects other pods", "{team/p: {podSelector: {matchLabels: {app: db}}}}",
       "far", "web", "8080/TCP", "yes open open"},
      {"addresses alone", "{team/p: {}}", "8.8.8.8", "1.1.1.1", "53/UDP", "yes outside outside"},

      // spec.podSelector
      {"no spec isolates every pod for ingress", "{team/p: }", "far", "web", "8080/TCP",
       "no open closed"},
      {"no podSelector selects all", "{team/p: {policyTypes: [Ingress]}}", "far", "web", "8080/TCP",
       "no open closed"},
      {"an empty podSelector selects all", "{team/p: {podSelector: {}}}", "far", "web", "8080/TCP",
       "no open closed"},
      {"podSelector null selects all", "{team/p: {podSelector: null}}", "far", "web", "8080/TCP",
       "no open closed"},
      {"podSelector by label", "{team/p: {podSelector: {matchLabels: {app: web}}}}", "far", "web",
       "8080/TCP", "no open closed"},
      {"podSelector: all labels count",
       "{team/p: {podSelector: {matchLabels: {app: web, tier: back}}}}", "far", "web", "8080/TCP",
       "yes open open"},
      {"podSelector by expressions",
       "{team/p: {podSelector: {matchExpressions: [{key: tier, operator: In, values: [front, x]},"
       " {key: gone, operator: DoesNotExist}]}}}",
       "far", "web", "8080/TCP", "no open closed"},
      {"NotIn selects pods without the label",
       "{team/p: {podSelector: {matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}}}",
       "far", "web", "8080/TCP", "no open closed"},

      // spec.ingress and spec.egress
      {"ingress [] lets nothing in", "{team/p: {ingress: []}}", "cli", "web", "8080/TCP",
       "no open closed"},
      {"ingress [{}] lets everything in", "{team/p: {ingress: [{}]}}", "far", "web", "8080/TCP",
       "yes open p[0]"},
      {"ingress [{}] lets addresses in", "{team/p: {ingress: [{}]}}", "8.8.8.8", "web", "7000/SCTP",
       "yes outside p[0]"},
      {"policies add up", "{team/a: {}, team/b: {ingress: [{}]}}", "far", "web", "8080/TCP",
       "yes open b[0]"},
      {"rules add up",
       "{team/p: {ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]},"
       " {from: [{podSelector: {matchLabels: {app: cli}}}]}]}}",
       "cli", "web", "8080/TCP", "yes open p[1]"},
      {"egress [] lets nothing out", "{team/p: {policyTypes: [Egress], egress: []}}", "cli", "far",
       "80/TCP", "no closed open"},
      {"egress [{}] lets everything out", "{team/p: {egress: [{}]}}", "cli", "far", "80/TCP",
       "yes p[0] open"},
      {"egress to an address", "{team/p: {egress: [{}]}}", "cli", "8.8.8.8", "53/UDP",
       "yes p[0] outside"},

      // spec.policyTypes
      {"no policyTypes: ingress", "{team/p: {}}", "cli", "far", "80/TCP", "yes open open"},
      {"no policyTypes: ingress even with egress rules alone", "{team/p: {egress: [{}]}}", "far",
       "web", "8080/TCP", "no open closed"},
      {"no policyTypes: egress where there are egress rules",
       "{team/p: {egress: [{ports: [{port: 53, protocol: UDP}]}]}}", "cli", "far", "80/TCP",
       "no closed open"},
      {"no policyTypes: egress [] does not count as rules", "{team/p: {egress: []}}", "cli", "far",
       "80/TCP", "yes open open"},
      {"policyTypes [] is none", "{team/p: {policyTypes: []}}", "far", "web", "8080/TCP",
       "no open closed"},
      {"Egress alone leaves ingress open", "{team/p: {policyTypes: [Egress]}}", "far", "web",
       "8080/TCP", "yes open open"},
      {"Egress alone makes ingress rules idle",
       "{team/p: {policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}}", "far", "web",
       "8080/TCP", "yes open open"},
      {"Ingress alone makes egress rules idle",
       "{team/p: {policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}}", "cli", "far", "80/TCP",
       "yes open open"},
      {"both types without rules", "{team/p: {policyTypes: [Ingress, Egress]}}", "cli", "web",
       "8080/TCP", "no closed closed"},

      // Both sides have to agree.
      {"source closed, destination open", "{team/p: {policyTypes: [Egress]}}", "cli", "far",
       "80/TCP", "no closed open"},
      {"source open, destination closed", "{other/p: {}}", "cli", "far", "80/TCP",
       "no open closed"},
      {"the source's rule does not open the destination",
       "{team/out: {policyTypes: [Egress], egress: [{}]}, other/in: {}}", "cli", "far", "80/TCP",
       "no out[0] closed"},
      {"the destination's rule does not open the source",
       "{team/out: {policyTypes: [Egress]}, other/in: {ingress: [{}]}}", "cli", "far", "80/TCP",
       "no closed in[0]"},
      {"both have a rule",
       "{team/out: {policyTypes: [Egress], egress: [{}]}, other/in: {ingress: [{}]}}", "cli", "far",
       "80/TCP", "yes out[0] in[0]"},
      {"answers need no rule: the way back is closed",
       "{team/p: {podSelector: {matchLabels: {app: cli}}}}", "cli", "web", "8080/TCP",
       "yes open open"},

      // from and to
      {"from missing is everyone", "{team/p: {ingress: [{ports: [{port: 8080}]}]}}", "far", "web",
       "8080/TCP", "yes open p[0]"},
      {"from [] is everyone", "{team/p: {ingress: [{from: []}]}}", "8.8.8.8", "web", "8080/TCP",
       "yes outside p[0]"},
      {"from null is everyone", "{team/p: {ingress: [{from: null}]}}", "far", "web", "8080/TCP",
       "yes open p[0]"},
      {"to [] is everywhere", "{team/p: {egress: [{to: []}]}}", "cli", "8.8.8.8", "53/UDP",
       "yes p[0] outside"},
      {"one of several peers is enough",
       "{team/p: {ingress: [{from: [{ipBlock: {cidr: 8.8.8.8/32}}, {podSelector: {}}]}]}}", "cli",
       "web", "8080/TCP", "yes open p[0]"},
      {"peer and port have to match",
       "{team/p: {ingress: [{from: [{podSelector: {}}], ports: [{port: 9090}]}]}}", "cli", "web",
       "8080/TCP", "no open closed"},
      {"peer of one rule, port of another",
       "{team/p: {ingress: [{from: [{podSelector: {}}], ports: [{port: 9090}]},"
       " {from: [{namespaceSelector: {matchLabels: {color: green}}}], ports: [{port: 8080}]}]}}",
       "cli", "web", "8080/TCP", "no open closed"},

      // Peers: podSelector and namespaceSelector
      {"podSelector alone is the policy's namespace",
       "{team/p: {ingress: [{from: [{podSelector: {matchLabels: {app: cli}}}]}]}}", "far", "web",
       "8080/TCP", "no open closed"},
      {"podSelector alone within the namespace",
       "{team/p: {ingress: [{from: [{podSelector: {matchLabels: {app: cli}}}]}]}}", "cli", "web",
       "8080/TCP", "yes open p[0]"},
      {"an empty podSelector is every pod of the namespace",
       "{team/p: {ingress: [{from: [{podSelector: {}}]}]}}", "cli", "web", "8080/TCP",
       "yes open p[0]"},
      {"an empty podSelector is no pod of another namespace",
       "{team/p: {ingress: [{from: [{podSelector: {}}]}]}}", "far", "web", "8080/TCP",
       "no open closed"},
      {"an empty podSelector is no address", "{team/p: {ingress: [{from: [{podSelector: {}}]}]}}",
       "8.8.8.8", "web", "8080/TCP", "no outside closed"},
      {"namespaceSelector alone is every pod there",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}}}]}]}}", "far",
       "web", "8080/TCP", "yes open p[0]"},
      {"namespaceSelector leaves its own namespace out",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}}}]}]}}", "cli",
       "web", "8080/TCP", "no open closed"},
      {"an empty namespaceSelector is every namespace",
       "{team/p: {ingress: [{from: [{namespaceSelector: {}}]}]}}", "far", "web", "8080/TCP",
       "yes open p[0]"},
      {"an empty namespaceSelector is its own, too",
       "{team/p: {ingress: [{from: [{namespaceSelector: {}}]}]}}", "cli", "web", "8080/TCP",
       "yes open p[0]"},
      {"an empty namespaceSelector is no address",
       "{team/p: {egress: [{to: [{namespaceSelector: {}}]}]}}", "cli", "8.8.8.8", "53/UDP",
       "no closed outside"},
      {"namespaceSelector by the label of the name",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels:"
       " {kubernetes.io/metadata.name: other}}}]}]}}",
       "far", "web", "8080/TCP", "yes open p[0]"},
      {"both selectors in one peer: both must match",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}},"
       " podSelector: {matchLabels: {app: cli}}}]}]}}",
       "far", "web", "8080/TCP", "yes open p[0]"},
      {"both selectors in one peer: the pod is in another namespace",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}},"
       " podSelector: {matchLabels: {app: cli}}}]}]}}",
       "cli", "web", "8080/TCP", "no open closed"},
      {"both selectors in one peer: the pod is another",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}},"
       " podSelector: {matchLabels: {app: db}}}]}]}}",
       "far", "web", "8080/TCP", "no open closed"},
      {"two peers: the namespace is enough",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}}},"
       " {podSelector: {matchLabels: {app: db}}}]}]}}",
       "far", "web", "8080/TCP", "yes open p[0]"},
      {"two peers: the pod is enough",
       "{team/p: {ingress: [{from: [{namespaceSelector: {matchLabels: {color: blue}}},"
       " {podSelector: {matchLabels: {app: cli}}}]}]}}",
       "cli", "web", "8080/TCP", "yes open p[0]"},
      {"both selectors empty are every pod",
       "{team/p: {ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}}", "far", "web",
       "8080/TCP", "yes open p[0]"},
      {"selectors of egress are the destination's",
       "{team/p: {egress: [{to: [{namespaceSelector: {matchLabels: {color: blue}},"
       " podSelector: {matchLabels: {app: cli}}}]}]}}",
       "cli", "far", "80/TCP", "yes p[0] open"},
      {"egress: podSelector alone is the policy's namespace",
       "{team/p: {policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}}", "cli", "far",
       "80/TCP", "no closed open"},

      // Peers: ipBlock
      {"ipBlock holds the address",
       "{team/p: {ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]}}", "8.8.8.8", "web",
       "8080/TCP", "yes outside p[0]"},
      {"ipBlock does not hold the address",
       "{team/p: {ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]}}", "8.9.0.0", "web",
       "8080/TCP", "no outside closed"},
      {"ipBlock of egress", "{team/p: {egress: [{to: [{ipBlock: {cidr: 8.8.0.0/16}}]}]}}", "cli",
       "8.8.255.255", "53/UDP", "yes p[0] outside"},
      {"ipBlock with bits behind the prefix",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: 8.8.8.8/16}}]}]}}", "cli", "8.8.0.0", "53/UDP",
       "yes p[0] outside"},
      {"except takes out",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8,"
       " 169.254.169.254/32]}}]}]}}",
       "cli", "169.254.169.254", "80/TCP", "no closed outside"},
      {"beside except",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8,"
       " 169.254.169.254/32]}}]}]}}",
       "cli", "169.254.169.253", "80/TCP", "yes p[0] outside"},
      {"except of one peer does not bind another",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: 8.0.0.0/8, except: [8.8.0.0/16]}},"
       " {ipBlock: {cidr: 8.8.8.0/24}}]}]}}",
       "cli", "8.8.8.8", "53/UDP", "yes p[0] outside"},
      {"except of one policy does not bind another",
       "{team/a: {egress: [{to: [{ipBlock: {cidr: 8.0.0.0/8, except: [8.8.0.0/16]}}]}]},"
       " team/b: {egress: [{to: [{ipBlock: {cidr: 8.8.8.8/32}}]}]}}",
       "cli", "8.8.8.8", "53/UDP", "yes b[0] outside"},
      {"ipBlock of IPv6", "{team/p: {egress: [{to: [{ipBlock: {cidr: '2001:db8::/64'}}]}]}}", "six",
       "2001:db8::1", "443/TCP", "yes p[0] outside"},
      {"ipBlock of IPv6 with except",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: '::/0', except: ['2001:db8::/32']}}]}]}}", "six",
       "2001:db8::1", "443/TCP", "no closed outside"},
      {"all of IPv4 is nothing of IPv6",
       "{team/p: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}}", "six", "2001:db8::1",
       "443/TCP", "no closed outside"},

      // ports
      {"ports missing is every port", "{team/p: {ingress: [{from: [{podSelector: {}}]}]}}", "cli",
       "web", "7000/SCTP", "yes open p[0]"},
      {"ports [] is every port", "{team/p: {ingress: [{ports: []}]}}", "cli", "web", "53/UDP",
       "yes open p[0]"},
      {"a port", "{team/p: {ingress: [{ports: [{port: 8080}]}]}}", "cli", "web", "8080/TCP",
       "yes open p[0]"},
      {"another port", "{team/p: {ingress: [{ports: [{port: 8081}]}]}}", "cli", "web", "8080/TCP",
       "no open closed"},
      {"one of several ports", "{team/p: {ingress: [{ports: [{port: 80}, {port: 8080}]}]}}", "cli",
       "web", "8080/TCP", "yes open p[0]"},
      {"no protocol is TCP", "{team/p: {ingress: [{ports: [{port: 53}]}]}}", "cli", "web", "53/UDP",
       "no open closed"},
      {"UDP", "{team/p: {ingress: [{ports: [{port: 53, protocol: UDP}]}]}}", "cli", "web", "53/UDP",
       "yes open p[0]"},
      {"UDP is not TCP", "{team/p: {ingress: [{ports: [{port: 53, protocol: UDP}]}]}}", "cli",
       "web", "53/TCP", "no open closed"},
      {"SCTP", "{team/p: {ingress: [{ports: [{port: 7000, protocol: SCTP}]}]}}", "cli", "web",
       "7000/SCTP", "yes open p[0]"},
      {"SCTP is not TCP", "{team/p: {ingress: [{ports: [{port: 7000, protocol: SCTP}]}]}}", "cli",
       "web", "7000/TCP", "no open closed"},
      {"a protocol alone is all of its ports", "{team/p: {ingress: [{ports: [{protocol: UDP}]}]}}",
       "cli", "web", "4/UDP", "yes open p[0]"},
      {"a protocol alone is no other", "{team/p: {ingress: [{ports: [{protocol: UDP}]}]}}", "cli",
       "web", "8080/TCP", "no open closed"},
      {"a port of nothing is all of TCP", "{team/p: {ingress: [{ports: [{}]}]}}", "cli", "web",
       "4/TCP", "yes open p[0]"},
      {"a port of nothing is nothing of UDP", "{team/p: {ingress: [{ports: [{}]}]}}", "cli", "web",
       "53/UDP", "no open closed"},
      {"endPort: the first", "{team/p: {egress: [{ports: [{port: 32000, endPort: 32768}]}]}}",
       "cli", "8.8.8.8", "32000/TCP", "yes p[0] outside"},
      {"endPort: the last", "{team/p: {egress: [{ports: [{port: 32000, endPort: 32768}]}]}}", "cli",
       "8.8.8.8", "32768/TCP", "yes p[0] outside"},
      {"endPort: behind the last", "{team/p: {egress: [{ports: [{port: 32000, endPort: 32768}]}]}}",
       "cli", "8.8.8.8", "32769/TCP", "no closed outside"},
      {"endPort: before the first",
       "{team/p: {egress: [{ports: [{port: 32000, endPort: 32768}]}]}}", "cli", "8.8.8.8",
       "31999/TCP", "no closed outside"},
      {"endPort is of its protocol",
       "{team/p: {egress: [{ports: [{port: 1, endPort: 65535, protocol: UDP}]}]}}", "cli",
       "8.8.8.8", "53/TCP", "no closed outside"},
      {"endPort that is the port", "{team/p: {ingress: [{ports: [{port: 80, endPort: 80}]}]}}",
       "cli", "web", "80/TCP", "yes open p[0]"},

      // Named ports
      {"a named port", "{team/p: {ingress: [{ports: [{port: http}]}]}}", "cli", "web", "8080/TCP",
       "yes open p[0]"},
      {"a named port is one number", "{team/p: {ingress: [{ports: [{port: http}]}]}}", "cli", "web",
       "80/TCP", "no open closed"},
      {"a named port of UDP", "{team/p: {ingress: [{ports: [{port: dns, protocol: UDP}]}]}}", "cli",
       "web", "53/UDP", "yes open p[0]"},
      {"a named port with the wrong protocol", "{team/p: {ingress: [{ports: [{port: dns}]}]}}",
       "cli", "web", "53/TCP", "no open closed"},
      {"a named port that the pod does not have", "{team/p: {ingress: [{ports: [{port: grpc}]}]}}",
       "cli", "web", "8080/TCP", "no open closed"},
      {"a sidecar's named port", "{team/p: {ingress: [{ports: [{port: proxy}]}]}}", "cli", "web",
       "15001/TCP", "yes open p[0]"},
      {"an init container's named port is gone", "{team/p: {ingress: [{ports: [{port: early}]}]}}",
       "cli", "web", "1000/TCP", "no open closed"},
      {"a named port of egress is the destination's",
       "{team/p: {policyTypes: [Egress], egress: [{ports: [{port: http}]}]}}", "cli", "far",
       "80/TCP", "yes p[0] open"},
      {"a named port of egress is not the source's",
       "{team/p: {policyTypes: [Egress], egress: [{ports: [{port: http}]}]}}", "web", "far",
       "8080/TCP", "no closed open"},
      {"a named port of egress to an address", "{team/p: {egress: [{ports: [{port: http}]}]}}",
       "cli", "8.8.8.8", "80/TCP", "no closed outside"},

      // From the pod's own node: always allowed, by the API.
      {"from its own node's address", "{team/p: {}}", "192.168.0.1", "web", "8080/TCP",
       "yes outside node"},
      {"from another node's address", "{team/p: {}}", "192.168.0.2", "web", "8080/TCP",
       "no outside closed"},

      // ipBlock and pods: left to the plugin.
      {"ipBlock of pods", "{team/p: {ingress: [{from: [{ipBlock: {cidr: 10.2.0.0/16}}]}]}}", "far",
       "web", "8080/TCP", "yes open p[0] ?block"},
      {"ipBlock of pods on egress",
       "{team/p: {policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}}", "cli",
       "far", "80/TCP", "yes p[0] open ?block"},
      {"ipBlock of pods beside a selector",
       "{team/p: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {}}]}]}}", "cli",
       "web", "8080/TCP", "yes open p[0]"},
      {"except of pods",
       "{team/p: {policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0,"
       " except: [10.0.0.0/8]}}]}]}}",
       "cli", "far", "80/TCP", "no closed open"},
      {"ipBlock and a pod without an address",
       "{team/p: {policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}}", "cli",
       "new", "80/TCP", "no closed open ?address"},
      {"a pod without an address and selectors",
       "{team/p: {policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}}", "cli", "new",
       "80/TCP", "yes p[0] open"},

      // Two address families
      {"dual-stack: the destination's first choice counts",
       "{team/p: {podSelector: {matchLabels: {app: dual2}},"
       " ingress: [{from: [{ipBlock: {cidr: 'fd00::/16'}}]}]}}",
       "dual", "dual2", "80/TCP", "yes open p[0] ?block ?family"},
      {"dual-stack: a selector holds for both",
       "{team/p: {ingress: [{from: [{podSelector: {}}]}]}}", "dual", "dual2", "80/TCP",
       "yes open p[0]"},
      {"dual-stack: the family of an address decides",
       "{team/p: {podSelector: {matchLabels: {app: dual}},"
       " ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}}",
       "2001:db8::1", "dual", "80/TCP", "yes outside p[0]"},

      // hostNetwork: undefined.
      {"no policy selects a hostNetwork pod", "{other/p: {}}", "web", "host", "80/TCP",
       "yes open host ?host"},
      {"no policy keeps a hostNetwork pod in", "{other/p: {policyTypes: [Egress]}}", "host", "web",
       "8080/TCP", "yes host open ?host"},
      {"no selector matches a hostNetwork pod",
       "{team/p: {ingress: [{from: [{namespaceSelector: {}}]}]}}", "host", "web", "8080/TCP",
       "no host closed ?host"},
      {"an ipBlock matches a hostNetwork pod's node",
       "{team/p: {ingress: [{from: [{ipBlock: {cidr: 192.168.0.0/24}}]}]}}", "host", "web",
       "8080/TCP", "yes host p[0]"},
      {"a hostNetwork pod on the pod's node is that node", "{team/p: {}}", "near", "web",
       "8080/TCP", "yes host node ?host"},
      {"a hostNetwork pod without policies", "{}", "host", "web", "8080/TCP", "yes host open"},

      // Pods that have ended: the API makes no exception.
      {"a policy selects a pod that has ended", "{team/p: {}}", "far", "done", "80/TCP",
       "no open closed"},
      {"a selector matches a pod that has ended",
       "{team/p: {ingress: [{from: [{podSelector: {matchLabels: {app: cli}}}]}]}}", "done", "web",
       "8080/TCP", "yes open p[0]"},

      // To its own node, and to itself
      {"to its own node's address", "{team/p: {policyTypes: [Egress]}}", "web", "192.168.0.1",
       "10250/TCP", "yes node outside ?node"},
      {"to another node's address", "{team/p: {policyTypes: [Egress]}}", "web", "192.168.0.2",
       "10250/TCP", "no closed outside"},
      {"to itself", "{team/p: {policyTypes: [Ingress, Egress]}}", "web", "web", "8080/TCP",
       "yes itself itself ?itself"},
      {"to its own address", "{team/p: {policyTypes: [Egress]}}", "web", "10.1.0.1", "8080/TCP",
       "yes itself outside ?itself"},
      {"to itself, where a rule allows it", "{team/p: {ingress: [{}]}}", "web", "web", "8080/TCP",
       "yes itself itself"},
  };
  return k_cases;
}

TEST(NetworkPolicy, ReachesWhatTheApiSays) {
  for (const Case& it : cases()) {
    const auto policies = policies_of(it.policies);
    EXPECT_EQ(text_of(may_reach(flow(it.from, it.to, it.port), policies)), it.answer) << it.name;
  }
}

TEST(NetworkPolicy, TheTableHasNoCaseTwice) {
  std::set<std::string> names;
  for (const Case& it : cases()) EXPECT_TRUE(names.insert(it.name).second) << it.name;
}

TEST(NetworkPolicy, OrderOfPoliciesDoesNotMatter) {
  for (const Case& it : cases()) {
    auto policies = policies_of(it.policies);
    std::reverse(policies.begin(), policies.end());
    EXPECT_EQ(text_of(may_reach(flow(it.from, it.to, it.port), policies)), it.answer) << it.name;
  }
}

TEST(NetworkPolicy, NamesPoliciesPeerAndPort) {
  const auto policies = policies_of(R"(
team/b: {ingress: [{from: [{podSelector: {matchLabels: {app: db}}}, {podSelector: {}}],
                    ports: [{port: 1}, {port: http}]}]}
team/a: {}
team/c: {policyTypes: [Egress]}
other/d: {})");
  const Reach reach = may_reach(flow("cli", "web", "8080/TCP"), policies);
  EXPECT_EQ(reach.ingress.policies, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reach.egress.policies, std::vector<std::string>{"c"});
  ASSERT_TRUE(reach.ingress.rule);
  EXPECT_EQ(reach.ingress.rule->policy, "b");
  EXPECT_EQ(reach.ingress.rule->peer, 1U);
  EXPECT_EQ(reach.ingress.rule->port, 1U);
}

TEST(NetworkPolicy, TellsHowEachRuleRefused) {
  const auto policies = policies_of(R"(
team/a: {ingress: [{from: [{podSelector: {}}], ports: [{port: 9090}]},
                   {from: [{ipBlock: {cidr: 8.0.0.0/8}}], ports: [{port: 8080}]}]}
team/b: {ingress: [{from: [{ipBlock: {cidr: 8.0.0.0/8}}], ports: [{port: 1}]}]})");
  const SideVerdict side = may_reach(flow("cli", "web", "8080/TCP"), policies).ingress;
  std::vector<std::string> told;
  for (const RuleMatch& refusal : side.refusals) {
    told.push_back(refusal.policy + std::to_string(refusal.rule) +
                   (refusal.peer_matches ? " peer" : "") + (refusal.port_matches ? " port" : ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a0 peer", "a1 port", "b0"}));
}

TEST(NetworkPolicy, SaysThatFamiliesDiffer) {
  const Reach reach = may_reach(flow("cli", "six", "80/TCP"), {});
  EXPECT_FALSE(reach.same_family);
  EXPECT_TRUE(may_reach(flow("cli", "web", "80/TCP"), {}).same_family);
  EXPECT_TRUE(may_reach(flow("new", "six", "80/TCP"), {}).same_family);
}

TEST(NetworkPolicy, RefusesWhatTheApiServerRefuses) {
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"{podSelektor: {}}", "spec has no field \"podSelektor\""},
      {"[]", "spec must be a map"},
      {"{podSelector: []}", "spec.podSelector must be a map"},
      {"{podSelector: {app: web}}", "spec.podSelector has no field \"app\""},
      {"{podSelector: {matchLabels: {app: 1}}}", "spec.podSelector cannot be read"},
      {"{podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}", "no operator"},
      {"{policyTypes: [ingress]}", "spec.policyTypes[0] can be Ingress or Egress"},
      {"{policyTypes: [Egress, Both]}", "spec.policyTypes[1] can be Ingress or Egress"},
      {"{policyTypes: [Egress, Egress, Egress]}", "more than two"},
      {"{policyTypes: Egress}", "spec.policyTypes must be a list"},
      {"{ingress: {from: []}}", "spec.ingress must be a list"},
      {"{ingress: [{to: []}]}", "spec.ingress[0] has no field \"to\""},
      {"{egress: [{}, {from: []}]}", "spec.egress[1] has no field \"from\""},
      {"{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0] needs a podSelector"},
      {"{ingress: [{from: [{podSelector: null}]}]}", "spec.ingress[0].from[0] needs a podSelector"},
      {"{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}", "has both"},
      {"{ingress: [{from: [{ipBlock: {}}]}]}", "ipBlock.cidr is required"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]}", "ipBlock.cidr cannot be read"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}", "ipBlock.cidr cannot be read"},
      {"{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}",
       "spec.egress[0].to[0].ipBlock.except[0] is 11.0.0.0/16, which is no part of 10.0.0.0/8"},
      {"{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}", "no part of"},
      {"{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/64']}}]}]}", "no part of"},
      {"{ingress: [{ports: [{port: 0}]}]}", "spec.ingress[0].ports[0].port is 0"},
      {"{ingress: [{ports: [{port: 65536}]}]}", "a port is a number from 1 to 65535"},
      {"{ingress: [{ports: [{port: '80'}]}]}", "is no port's name"},
      {"{ingress: [{ports: [{port: Http}]}]}", "is no port's name"},
      {"{ingress: [{ports: [{port: a--b}]}]}", "is no port's name"},
      {"{ingress: [{ports: [{port: '-a'}]}]}", "is no port's name"},
      {"{ingress: [{ports: [{port: a234567890123456}]}]}", "is no port's name"},
      {"{ingress: [{ports: [{port: true}]}]}", "must be a whole number"},
      {"{ingress: [{ports: [{protocol: tcp}]}]}", "it can be TCP, UDP or SCTP"},
      {"{ingress: [{ports: [{protocol: 6}]}]}", "protocol must be a string"},
      {"{ingress: [{ports: [{endPort: 80}]}]}", "endPort needs a port that is a number"},
      {"{ingress: [{ports: [{port: http, endPort: 80}]}]}", "endPort needs a port"},
      {"{ingress: [{ports: [{port: 80, endPort: 79}]}]}", "endPort is below the port"},
      {"{ingress: [{ports: [{port: 80, endPort: 70000}]}]}", "ports[0].endPort is 70000"},
  };
  for (const auto& [spec, message] : refused) {
    const Json object = {{"metadata", {{"namespace", "team"}, {"name", "p"}}},
                         {"spec", yaml(spec)}};
    const auto policy = NetworkPolicy::from_json(object);
    ASSERT_FALSE(policy) << spec;
    EXPECT_EQ(policy.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(policy.error().message, HasSubstr("NetworkPolicy team/p: spec")) << spec;
    EXPECT_THAT(policy.error().message, HasSubstr(message)) << spec;
  }
}

TEST(NetworkPolicy, SuggestsTheNearestField) {
  const auto policy = NetworkPolicy::from_json(
      yaml("{spec: {ingress: [{from: [{nameSpaceSelector: {}, podSelector: {}}]}]}}"));
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().hint, "did you mean \"namespaceSelector\"?");
}

TEST(NetworkPod, TakesWhatThePodSays) {
  const NetworkPod web = std::get<NetworkPod>(endpoint("web"));
  EXPECT_EQ(web.ns, "team");
  EXPECT_EQ(web.node, "node-1");
  EXPECT_EQ(web.labels.at("tier"), "front");
  EXPECT_EQ(web.ns_labels.at("kubernetes.io/metadata.name"), "team");
  EXPECT_EQ(web.ports.size(), 5U);  // without the init container's
  EXPECT_FALSE(web.host_network);
  EXPECT_FALSE(web.finished);
  EXPECT_TRUE(NetworkPod::from_json(yaml("{status: {phase: Failed}}")).finished);
}

TEST(NetworkPod, IsReadFromAnything) {
  for (const char* const text :
       {"{}", "[]", "null", "{metadata: 1, spec: [], status: x}",
        "{spec: {containers: {}, initContainers: [1], hostNetwork: yes please}}",
        "{spec: {containers: [{ports: 1}, {ports: [1, {protocol: x}, {containerPort: a}]}]}}",
        "{status: {podIPs: [1, {ip: 2}, {ip: nonsense}], podIP: x, hostIPs: {}}}"}) {
    const NetworkPod pod = NetworkPod::from_json(yaml(text));
    EXPECT_TRUE(pod.ips.empty()) << text;
    EXPECT_FALSE(pod.host_network) << text;
  }
}

}  // namespace
}  // namespace kai::model
