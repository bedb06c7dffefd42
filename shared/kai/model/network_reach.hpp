// may_reach(): whether NetworkPolicies let one pod or address talk to another, and why.
//
// As the API says it (networking.k8s.io/v1): a pod that no policy selects for a direction
// is open in it; one that policies select may do what any rule of any of them allows, and
// nothing else. A connection needs the egress of its source and the ingress of its
// destination; answers to it are part of it. Ports are the destination's, and a named port
// is looked up in the destination pod, for egress too.
//
// Some of it is left to the network plugin. Then the usual reading is answered, and
// `doubts` names what another plugin might do, but only where that would change the answer:
//   ipBlock and pods    meant for addresses outside the cluster. Here it matches the
//                       addresses of pods, as the conformance tests of Kubernetes have it;
//                       some plugins (Cilium) match other addresses only.
//   hostNetwork pods    undefined. Here, as in most plugins, they are their node: no policy
//                       selects them, no selector matches them, an ipBlock may.
//   traffic to itself   a pod cannot block access to itself, say the concepts; the API says
//                       nothing. Here it is always allowed.
//   to its own node     the same. (From its own node is always allowed: the API says so.)
// Nor does the API say whether an ipBlock sees addresses before or after a Service, a load
// balancer or a NAT has rewritten them: the addresses here are taken for what the plugin sees.
//
// Pure functions over plain values.
#pragma once

#include <kai/model/network_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kai::model {

struct NetworkPod {
  struct Port {
    std::string name;  // may be empty
    int number = 0;
    Protocol protocol = Protocol::tcp;
  };
  std::string ns;
  std::string name;
  Labels labels;
  Labels ns_labels;            // of its namespace; see namespace_labels()
  std::vector<Cidr> ips;       // its own first choice first; none before it has started
  std::vector<Cidr> node_ips;  // of its node
  std::string node;
  bool host_network = false;
  bool finished = false;    // Succeeded or Failed: it has no network any more
  std::vector<Port> ports;  // of containers and sidecars

  // All but ns_labels. Never fails: what is absent or of the wrong type is left out.
  static NetworkPod from_json(const Json& pod);
};

// The labels of a Namespace: its own and kubernetes.io/metadata.name, which the API server
// sets on each.
Labels namespace_labels(std::string_view name, Labels labels);

using Endpoint = std::variant<NetworkPod, Cidr>;  // or one address

struct Flow {
  Endpoint from;
  Endpoint to;
  int port = 0;  // of the destination
  Protocol protocol = Protocol::tcp;
};

// Why one side lets a flow through, or does not.
enum class Ground : std::uint8_t {
  outside,       // it is an address: no policy speaks for it
  not_isolated,  // no policy selects the pod for this direction
  rule,          // a rule lets it through
  no_rule,       // policies select the pod, and none of their rules lets it through
  itself,        // the pod talks to itself
  own_node,      // the other side is the pod's own node
  host_network,  // the pod is on its node's network, where no policy selects it
};

// How a rule of a policy that selects the pod met the flow.
struct RuleMatch {
  std::string policy;
  std::size_t rule = 0;  // in spec.ingress or spec.egress
  bool peer_matches = false;
  bool port_matches = false;
  std::optional<std::size_t> peer;  // the first that matches; none when the rule has none
  std::optional<std::size_t> port;
};

struct SideVerdict {
  bool allowed = true;
  Ground ground = Ground::outside;
  std::vector<std::string> policies;  // that select the pod for this direction, by name
  std::optional<RuleMatch> rule;      // with Ground::rule: the first that lets it through
  std::vector<RuleMatch> refusals;    // with Ground::no_rule: all of them
};

// What would turn the answer around.
enum class Doubt : std::uint8_t {
  ip_block_and_pod,  // a plugin for which an ipBlock matches no pods
  host_network,      // a plugin that treats hostNetwork pods like others
  itself,            // a plugin that holds a pod to its policies even with itself
  own_node,          // a plugin that restricts what goes to the pod's own node
  no_address,        // an ipBlock that contains the address which a pod does not have yet
  other_family,      // the pods' other address family
};

struct Reach {
  bool allowed = true;
  SideVerdict egress;   // of the source
  SideVerdict ingress;  // of the destination
  std::vector<Doubt> doubts;
  bool same_family = true;  // false: one side has IPv4 alone and the other IPv6
};

// `policies`: all of both pods' namespaces; others do not count.
Reach may_reach(const Flow& flow, std::span<const NetworkPolicy> policies);

}  // namespace kai::model
