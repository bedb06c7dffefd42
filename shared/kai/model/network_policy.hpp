// NetworkPolicy: what one networking.k8s.io/v1 NetworkPolicy says. What several of them
// mean for two pods is in <kai/model/network_reach.hpp>.
//
// Plain values, defaulted as the API server does: policyTypes, protocol TCP. Source:
// k8s.io/api/networking/v1/types.go and k8s.io/kubernetes/pkg/apis/networking.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/cidr.hpp>
#include <kai/model/json.hpp>
#include <kai/model/selector.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

enum class Protocol : std::uint8_t { tcp, udp, sctp };

// "TCP", "UDP" or "SCTP", as Kubernetes writes them.
std::string_view to_string(Protocol protocol);
// nullopt for anything else, other capitals included.
std::optional<Protocol> parse_protocol(std::string_view text);

// Whether it can be the name of a port (k8s.io/apimachinery/pkg/util/validation,
// IsValidPortName).
bool is_port_name(std::string_view text);

struct NetworkPolicy {
  struct IpBlock {
    Cidr block;
    std::vector<Cidr> except;  // each within the block

    [[nodiscard]] bool contains(const Cidr& address) const;
  };
  // Pods, or an IP block: one of the two.
  //   pods alone         those pods of the policy's own namespace
  //   namespaces alone   every pod of those namespaces
  //   both               those pods of those namespaces
  struct Peer {
    std::optional<LabelSelector> pods;
    std::optional<LabelSelector> namespaces;
    std::optional<IpBlock> ip_block;
  };
  // A port of the destination. Neither number nor name: every port of the protocol.
  struct Port {
    Protocol protocol = Protocol::tcp;
    std::optional<int> number;
    std::optional<int> end;  // of the range that begins with the number, inclusive
    std::string name;        // of a container's port of the destination pod
  };
  struct Rule {
    std::vector<Peer> peers;  // none: every source or destination
    std::vector<Port> ports;  // none: every port of every protocol
  };

  std::string ns;
  std::string name;
  LabelSelector pods;
  bool for_ingress = false;
  bool for_egress = false;
  std::vector<Rule> ingress;  // none: nothing comes in, where for_ingress
  std::vector<Rule> egress;

  // Reads the object strictly, since a key that is overlooked would change the answer.
  // Errors: invalid_input, naming the policy, the field and what the API server would
  // object to.
  static Result<NetworkPolicy> from_json(const Json& object);
};

}  // namespace kai::model
