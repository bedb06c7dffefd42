// What is there differs from what a profile says.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/network.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/profile.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace kai::audit {
namespace {

using model::Isolation;
using model::NamespaceProfile;
using model::NetworkPeer;
using model::NetworkPort;
using model::Quantity;
using model::ResourceAmounts;

constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";
constexpr std::string_view k_pod_security = "pod-security.kubernetes.io/";

std::string or_none(std::string_view value) {
  return value.empty() ? "none" : std::string(value);
}

// A merge patch of one label.
Patch label_patch(const std::string& key, const std::string& value) {
  return {Patch::Type::merge, {{"metadata", {{"labels", {{key, value}}}}}}};
}

class Comparison {
 public:
  Comparison(const Facts& facts, const model::Profile& profile, Findings& findings)
      : m_facts(facts), m_profile(profile), m_findings(findings) {}

  void nodes();
  void namespaces();
  void priority_classes();

 private:
  [[nodiscard]] bool knows(Kind kind) const { return m_facts.complete.has(kind); }
  [[nodiscard]] const PlatformFacts& platform() const { return m_facts.operations->platform; }

  static Finding begin(model::ObjectRef object, std::string subject, std::string expected,
                       std::string observed);
  static Finding begin(const Head& head, std::string subject, std::string expected,
                       std::string observed);
  // Of something that a namespace lacks.
  static Finding begin(const Namespace& space, std::string subject, std::string expected,
                       std::string observed) {
    return begin(space.head, std::move(subject), std::move(expected), std::move(observed));
  }
  void add(Finding finding, std::string message) {
    finding.message = std::move(message);
    m_findings.add(std::move(finding));
  }

  void label(const Head& head, const std::string& key, const std::string& wanted);
  void node(const Node& found);
  void pod_security(const Namespace& space, std::string_view mode,
                    const std::optional<model::PodSecurityMode>& wanted);
  void quota(const Namespace& space, const ResourceAmounts& hard, const std::string& priority);
  void defaults(const Namespace& space, const model::ContainerDefaults& wanted);
  void one_default(const Namespace& space, std::string_view what, const std::string& resource,
                   const Quantity& wanted,
                   std::vector<std::pair<Text, Quantity>> ContainerDefaultsFact::*member);
  void network(const Namespace& space, const model::NetworkProfile& wanted);
  void isolation(const Namespace& space, const std::vector<const NetworkPolicy*>& policies,
                 Isolation wanted);
  void flow(const Namespace& space, const std::vector<const NetworkPolicy*>& policies,
            const NetworkPeer& peer, bool is_ingress);
  void role(const Namespace& space, const model::RoleProfile& wanted);

  const Facts& m_facts;
  const model::Profile& m_profile;
  Findings& m_findings;
};

Finding Comparison::begin(model::ObjectRef object, std::string subject, std::string expected,
                          std::string observed) {
  Finding finding;
  finding.object = std::move(object);
  finding.subject = std::move(subject);
  finding.expected = std::move(expected);
  finding.observed = std::move(observed);
  return finding;
}

Finding Comparison::begin(const Head& head, std::string subject, std::string expected,
                          std::string observed) {
  Finding finding = begin(head.ref(), std::move(subject), std::move(expected), std::move(observed));
  finding.origin = head.origin;
  return finding;
}

void Comparison::label(const Head& head, const std::string& key, const std::string& wanted) {
  const auto value = head.labels->get(key);
  if (value == std::string_view(wanted)) return;
  Finding finding =
      begin(head, "label " + key, wanted, value ? std::string(*value) : std::string("no label"));
  finding.path = FieldPath() / "metadata" / "labels" / std::string_view(key);
  finding.patch = label_patch(key, wanted);
  add(std::move(finding),
      value ? "the label " + key + " is " + or_none(*value) + ", and the profile wants " + wanted
            : "the label " + key + "=" + wanted + " of the profile is missing");
}

void Comparison::node(const Node& found) {
  if (m_profile.gpu->labels) {
    for (const auto& [key, value] : *m_profile.gpu->labels) label(found.head, key, value);
  }
  if (!m_profile.gpu->taint || m_profile.gpu->taint == "none") return;
  const auto wanted = model::Taint::parse(*m_profile.gpu->taint);
  if (!wanted) return;
  if (std::find(found.taints.begin(), found.taints.end(), *wanted) != found.taints.end()) return;
  std::string observed;
  for (const model::Taint& taint : found.taints) {
    if (taint.key == wanted->key) observed += (observed.empty() ? "" : ", ") + taint.to_string();
  }
  Finding finding = begin(found.head, "taint " + wanted->key, wanted->to_string(),
                          observed.empty() ? "no taint" : observed);
  finding.path = FieldPath() / "spec" / "taints";
  add(std::move(finding),
      observed.empty()
          ? "the taint " + wanted->to_string() + " of the profile is missing"
          : "has the taint " + observed + ", and the profile wants " + wanted->to_string());
}

void Comparison::nodes() {
  if (!m_profile.gpu || !knows(Kind::node) || !m_facts.only_ns.empty()) return;
  for (const std::string& name : m_profile.gpu->nodes) {
    if (const Node* const found = m_facts.node(name)) {
      node(*found);
    } else {
      add(begin(model::ObjectRef{"v1", "Node", "", name}, "exists", "a node", "no such node"),
          "the profile names this node, and it does not exist");
    }
  }
  if (!m_profile.gpu->selector) return;
  const auto selector = model::LabelSelector::parse(*m_profile.gpu->selector);
  if (!selector) return;
  bool is_any = false;
  for (const Node& found : m_facts.nodes) {
    if (!selector->matches(found.head.labels->to_map())) continue;
    is_any = true;
    node(found);
  }
  if (is_any) return;
  add(begin(model::ObjectRef{std::string(model::k_profile_api_version),
                             std::string(model::k_profile_kind), "", m_profile.name},
            "nodes", "nodes with " + selector->to_string(), "no node"),
      "no node has the labels " + selector->to_string() + " by which spec.gpu.nodes selects");
}

void Comparison::pod_security(const Namespace& space, std::string_view mode,
                              const std::optional<model::PodSecurityMode>& wanted) {
  if (!wanted) return;
  const std::string key = std::string(k_pod_security).append(mode);
  label(space.head, key, wanted->level);
  if (!wanted->version) return;
  // Without a label the latest version counts.
  const std::string version = key + "-version";
  if (wanted->version == "latest" && !space.head.labels->has(version)) return;
  label(space.head, version, *wanted->version);
}

void Comparison::quota(const Namespace& space, const ResourceAmounts& hard,
                       const std::string& priority) {
  const std::string whose = priority.empty() ? "" : " for PriorityClass " + priority;
  for (const auto& [key, amount] : hard) {
    // Of several quotas each counts, so that the least is what there is.
    const Quota* least = nullptr;
    Quantity observed;
    for (const Quota& quota : m_facts.quotas) {
      if (quota.head.ns != space.head.name) continue;
      const QuotaScope* const scope = platform().scope_of(quota.head.ns, quota.head.name);
      const bool is_its = priority.empty() ? scope == nullptr
                                           : scope != nullptr && scope->priority_class == priority;
      if (!is_its) continue;
      for (const Quota::Entry& entry : quota.hard) {
        const auto found = Quantity::parse(entry.amount);
        if (entry.key != std::string_view(key) || !found) continue;
        if (least != nullptr && *found >= observed) continue;
        least = &quota;
        observed = *found;
      }
    }
    const std::string wanted = amount.to_string();
    const std::string subject = "quota " + key + whose;
    if (least == nullptr) {
      add(begin(space, subject, key + ": " + wanted, "no quota on " + key),
          "no ResourceQuota limits " + key + whose + "; the profile wants " + wanted);
    } else if (observed != amount) {
      Finding finding =
          begin(least->head, subject, key + ": " + wanted, key + ": " + observed.to_string());
      finding.path = FieldPath() / "spec" / "hard" / std::string_view(key);
      finding.patch = Patch{Patch::Type::merge, {{"spec", {{"hard", {{key, wanted}}}}}}};
      add(std::move(finding), "limits " + key + whose + " to " + observed.to_string() +
                                  ", and the profile wants " + wanted);
    }
  }
}

void Comparison::one_default(
    const Namespace& space, std::string_view what, const std::string& resource,
    const Quantity& wanted, std::vector<std::pair<Text, Quantity>> ContainerDefaultsFact::*member) {
  const ContainerDefaultsFact* other = nullptr;
  Quantity observed;
  for (const ContainerDefaultsFact& range : platform().container_defaults) {
    if (range.head.ns != space.head.name) continue;
    for (const auto& [name, amount] : range.*member) {
      if (name != std::string_view(resource)) continue;
      if (amount == wanted) return;
      if (other == nullptr) observed = amount;
      if (other == nullptr) other = &range;
    }
  }
  const std::string label = "default " + std::string(what) + " of " + resource;
  const std::string expected = resource + ": " + wanted.to_string();
  if (other == nullptr) {
    add(begin(space, label, expected, "no " + label),
        "no LimitRange has a " + label + "; the profile wants " + wanted.to_string());
  } else {
    add(begin(other->head, label, expected, resource + ": " + observed.to_string()),
        "the " + label + " is " + observed.to_string() + ", and the profile wants " +
            wanted.to_string());
  }
}

void Comparison::defaults(const Namespace& space, const model::ContainerDefaults& wanted) {
  for (const auto& [resource, amount] : wanted.requests) {
    one_default(space, "request", resource, amount, &ContainerDefaultsFact::requests);
  }
  for (const auto& [resource, amount] : wanted.limits) {
    one_default(space, "limit", resource, amount, &ContainerDefaultsFact::limits);
  }
}

void Comparison::isolation(const Namespace& space,
                           const std::vector<const NetworkPolicy*>& policies, Isolation wanted) {
  const auto one = [&](bool NetworkPolicy::*direction, std::string_view type) {
    if (std::any_of(policies.begin(), policies.end(),
                    [&](const NetworkPolicy* policy) { return policy->*direction; })) {
      return;
    }
    const std::string name(type);
    add(begin(space, "isolation " + name, "a NetworkPolicy for all pods with " + name,
              "none that selects all pods"),
        "no NetworkPolicy selects all pods for " + name + ", so that they are not isolated");
  };
  one(&NetworkPolicy::for_ingress, "Ingress");
  if (wanted == Isolation::both) one(&NetworkPolicy::for_egress, "Egress");
}

// Whether a peer of a policy lets in, or out to, what the profile names. `labels` are those
// of the other namespace.
bool admits(const NetworkPolicy::Peer& peer, const NetworkPeer& wanted,
            const model::Labels& labels) {
  if (wanted.cidr) {
    const auto block = model::Cidr::parse(peer.cidr);
    return block && block->contains(*wanted.cidr);
  }
  if (!peer.cidr.empty() || !peer.namespaces || !peer.namespaces->matches(labels)) return false;
  if (!peer.pods || peer.pods->empty()) return true;
  return !wanted.pods.empty() && peer.pods->matches(wanted.pods);
}

bool opens_ports(const NetworkPolicy::Rule& rule, const std::vector<NetworkPort>& wanted) {
  if (wanted.empty()) return rule.ports.empty();
  return std::all_of(wanted.begin(), wanted.end(), [&](const NetworkPort& port) {
    return rule.opens(port.protocol, port.port, port.name) &&
           (port.end_port == 0 || rule.opens(port.protocol, port.end_port, port.name));
  });
}

// Whether a rule is about more than the namespace itself, where the cluster's DNS is not.
bool leaves(const NetworkPolicy::Rule& rule) {
  return rule.peers.empty() ||
         std::any_of(rule.peers.begin(), rule.peers.end(), [](const NetworkPolicy::Peer& peer) {
           return peer.namespaces || !peer.cidr.empty();
         });
}

std::string describe(const NetworkPeer& peer) {
  std::string text = peer.cidr ? peer.cidr->to_string() : "the namespace " + peer.namespace_name;
  for (std::size_t i = 0; i < peer.ports.size(); ++i) {
    text += (i == 0 ? " (ports " : ", ") + peer.ports[i].to_string();
  }
  return peer.ports.empty() ? text : text + ")";
}

void Comparison::flow(const Namespace& space, const std::vector<const NetworkPolicy*>& policies,
                      const NetworkPeer& peer, bool is_ingress) {
  model::Labels labels{{std::string(k_name_label), peer.namespace_name}};
  if (const Namespace* const other = m_facts.find_namespace(peer.namespace_name)) {
    for (const auto& [key, value] : other->head.labels->to_map()) labels.emplace(key, value);
  }
  for (const NetworkPolicy* const policy : policies) {
    for (const NetworkPolicy::Rule& rule : is_ingress ? policy->ingress : policy->egress) {
      const bool is_admitted =
          rule.peers.empty() ||
          std::any_of(rule.peers.begin(), rule.peers.end(),
                      [&](const NetworkPolicy::Peer& one) { return admits(one, peer, labels); });
      if (is_admitted && opens_ports(rule, peer.ports)) return;
    }
  }
  const std::string what = (is_ingress ? "traffic from " : "traffic to ") + describe(peer);
  add(begin(space, what, "a NetworkPolicy for all pods that allows " + what, "none that does"),
      "no NetworkPolicy allows " + what);
}

void Comparison::network(const Namespace& space, const model::NetworkProfile& wanted) {
  // Where policies of other APIs act, NetworkPolicies do not say what is let through.
  if (wanted.isolate == Isolation::none || !knows(Kind::network_policy) ||
      has_foreign_policies(m_facts, space.head.name)) {
    return;
  }
  std::vector<const NetworkPolicy*> policies;  // those of all pods
  for (const NetworkPolicy& policy : m_facts.network_policies) {
    if (policy.head.ns == space.head.name && policy.pods.empty()) policies.push_back(&policy);
  }
  isolation(space, policies, wanted.isolate);
  const auto restricts = [&](bool NetworkPolicy::*direction) {
    return std::any_of(policies.begin(), policies.end(),
                       [&](const NetworkPolicy* policy) { return policy->*direction; });
  };
  // What is not isolated needs nothing that opens it.
  if (restricts(&NetworkPolicy::for_ingress)) {
    for (const NetworkPeer& peer : wanted.allow_from) flow(space, policies, peer, true);
  }
  if (wanted.isolate != Isolation::both || !restricts(&NetworkPolicy::for_egress)) return;
  for (const NetworkPeer& peer : wanted.allow_to) flow(space, policies, peer, false);
  if (!wanted.dns) return;
  std::string closed;
  for (const std::string_view protocol : {"UDP", "TCP"}) {
    const bool is_open =
        std::any_of(policies.begin(), policies.end(), [&](const NetworkPolicy* policy) {
          return std::any_of(policy->egress.begin(), policy->egress.end(),
                             [&](const NetworkPolicy::Rule& rule) {
                               return leaves(rule) && rule.opens(protocol, 53, "dns");
                             });
        });
    if (!is_open) closed += (closed.empty() ? "" : " and ") + std::string(protocol) + " 53";
  }
  if (closed.empty()) return;
  add(begin(space, "dns", "a NetworkPolicy for all pods that allows DNS", closed + " closed"),
      "no NetworkPolicy opens " + closed + " to the cluster's DNS");
}

std::string describe(const model::RoleSubject& subject) {
  const std::string name =
      subject.namespace_name.empty() ? subject.name : subject.namespace_name + "/" + subject.name;
  return subject.kind + " " + name;
}

void Comparison::role(const Namespace& space, const model::RoleProfile& wanted) {
  if (!knows(Kind::role_binding)) return;
  std::map<model::RoleSubject, const RoleBinding*> bound;
  for (const RoleBinding& binding : m_facts.role_bindings) {
    if (binding.head.ns != space.head.name || binding.role_name != std::string_view(wanted.name)) {
      continue;
    }
    for (const RoleSubject& subject : binding.subjects) {
      bound.emplace(model::RoleSubject{subject.kind.str(), subject.name.str(), subject.ns.str()},
                    &binding);
    }
  }
  const bool has_role = std::any_of(m_facts.roles.begin(), m_facts.roles.end(),
                                    [&](const Role& role) {
                                      return role.head.ns == space.head.name &&
                                             role.head.name == std::string_view(wanted.name);
                                    }) ||
                        std::any_of(m_facts.cluster_roles.begin(), m_facts.cluster_roles.end(),
                                    [&](const Role& role) {
                                      return role.head.name == std::string_view(wanted.name);
                                    });
  if (!has_role && knows(Kind::role) && knows(Kind::cluster_role)) {
    add(begin(space, "role " + wanted.name, "a Role " + wanted.name, "no such role"),
        "the role " + wanted.name + " of the profile does not exist");
  }
  for (const model::RoleSubject& subject : wanted.subjects) {
    if (bound.erase(subject) > 0) continue;
    const std::string who = describe(subject);
    add(begin(space, "role " + wanted.name + " of " + who, who + " has " + wanted.name,
              "no RoleBinding"),
        "no RoleBinding gives " + wanted.name + " to " + who);
  }
  for (const auto& [subject, binding] : bound) {
    const std::string who = describe(subject);
    add(begin(binding->head, "role " + wanted.name + " of " + who, "only the profile's subjects",
              who),
        "gives " + wanted.name + " to " + who + ", whom the profile does not name");
  }
}

void Comparison::namespaces() {
  for (const NamespaceProfile& wanted : m_profile.namespaces) {
    if (!m_facts.only_ns.empty() && wanted.name != m_facts.only_ns) continue;
    const Namespace* const space = m_facts.find_namespace(wanted.name);
    if (space == nullptr) {
      if (!knows(Kind::name_space)) continue;
      add(begin(model::ObjectRef{"v1", "Namespace", "", wanted.name}, "exists", "a namespace",
                "no such namespace"),
          "the profile names this namespace, and it does not exist");
      continue;
    }
    if (wanted.pod_security) {
      pod_security(*space, "enforce", wanted.pod_security->enforce);
      pod_security(*space, "audit", wanted.pod_security->audit);
      pod_security(*space, "warn", wanted.pod_security->warn);
    }
    if (knows(Kind::resource_quota)) {
      if (wanted.quota) quota(*space, *wanted.quota, "");
      for (const auto& [priority, hard] : wanted.quota_by_priority) quota(*space, hard, priority);
    }
    if (wanted.defaults && knows(Kind::limit_range)) defaults(*space, *wanted.defaults);
    if (wanted.network) network(*space, *wanted.network);
    for (const model::RoleProfile& each : wanted.roles) role(*space, each);
  }
}

void Comparison::priority_classes() {
  if (!knows(Kind::priority_class) || !m_facts.only_ns.empty()) return;
  for (const model::PriorityClassProfile& wanted : m_profile.priority_classes) {
    const PriorityClass* const found = m_facts.governance.find_priority_class(wanted.name);
    if (found == nullptr) {
      add(begin(model::ObjectRef{"scheduling.k8s.io/v1", "PriorityClass", "", wanted.name},
                "exists", "value: " + std::to_string(wanted.value), "no such PriorityClass"),
          "the profile names this PriorityClass, and it does not exist");
      continue;
    }
    const auto differs = [&](std::string_view field, const std::string& expected,
                             const std::string& observed) {
      if (expected == observed) return;
      Finding finding = begin(found->head, std::string(field), std::string(field) + ": " + expected,
                              std::string(field) + ": " + observed);
      finding.path = FieldPath() / field;
      add(std::move(finding),
          std::string(field) + " is " + observed + ", and the profile wants " + expected);
    };
    const auto& never = platform().never_preempting;
    const bool is_never = std::find(never.begin(), never.end(), found->head.name) != never.end();
    differs("value", std::to_string(wanted.value), std::to_string(found->value));
    differs("globalDefault", wanted.global_default ? "true" : "false",
            found->global_default ? "true" : "false");
    differs("preemptionPolicy", wanted.preemption_policy.value_or("PreemptLowerPriority"),
            is_never ? "Never" : "PreemptLowerPriority");
  }
}

void check(const Facts& facts, Findings& findings) {
  const auto& profile = facts.operations->platform.profile;
  if (!profile) return;
  Comparison comparison(facts, *profile, findings);
  comparison.nodes();
  comparison.namespaces();
  comparison.priority_classes();
}

}  // namespace

extern const Rule k_profile_drift;
constinit const Rule k_profile_drift = {
    .id = "profile-drift",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "The cluster differs from its profile",
    .why =
        "A profile is what a team agreed on. A label, quota, policy or role that somebody has "
        "changed or never made does not do what everybody believes it does. Compared, with "
        "--profile FILE, are the labels and the taint of GPU nodes; of namespaces Pod Security, "
        "quota, defaults, network and roles; and PriorityClasses.",
    .fix = "Apply the profile again, or write into it what is meant to be.",
    .reference = "https://kubernetes.io/docs/concepts/security/multi-tenancy/",
    .needs = {},
    .reads =
        k_foreign_policies | KindSet{Kind::node, Kind::name_space, Kind::resource_quota,
                                     Kind::limit_range, Kind::network_policy, Kind::role,
                                     Kind::role_binding, Kind::cluster_role, Kind::priority_class},
    .check = &check,
};

}  // namespace kai::audit
