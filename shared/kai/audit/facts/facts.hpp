// Facts: what rules know of a cluster or of files, reduced to what they look at.
//
// Objects are read one by one (facts/builder.hpp), reduced and dropped; texts, label
// sets, owners and pod templates are stored once however many objects share them, so
// that fifty thousand pods weigh a few megabytes. Everything points into the Facts'
// own stores: a Facts is moved, never copied, and rules get it const. Lists are sorted
// by namespace and name.
#pragma once

#include <kai/audit/facts/exception_mark.hpp>
#include <kai/audit/facts/governance.hpp>
#include <kai/audit/facts/gpu_stack.hpp>
#include <kai/audit/facts/head.hpp>
#include <kai/audit/facts/rbac.hpp>
#include <kai/audit/facts/security.hpp>
#include <kai/audit/facts/text.hpp>
#include <kai/audit/finding.hpp>
#include <kai/audit/kinds.hpp>
#include <kai/audit/threshold.hpp>
#include <kai/model/node.hpp>
#include <kai/model/quantity.hpp>
#include <kai/model/resource.hpp>
#include <kai/model/selector.hpp>
#include <kai/model/taint.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kai::audit {

// "1.37"; minor < 0: unknown.
struct KubeVersion {
  int major = 0;
  int minor = -1;

  // "1.37", "v1.36.3", "v1.30.1-gke.100"; unknown when it is none of these.
  static KubeVersion parse(std::string_view text);
  [[nodiscard]] bool known() const { return minor >= 0; }
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const KubeVersion&) const = default;
};

struct Amount {
  Text resource;
  model::Quantity quantity;
};
using Amounts = std::vector<Amount>;
// Zero when the resource is not listed.
model::Quantity amount_of(const Amounts& amounts, std::string_view resource);
model::Resources to_resources(const Amounts& amounts);

enum class Shm : std::uint8_t { none, memory, host, disk };  // what is mounted at /dev/shm

// Whether a container may lock memory by the capability IPC_LOCK. inert: it has the
// capability, and its user is not root, whose processes alone begin with it.
enum class MemoryLock : std::uint8_t { missing, granted, inert };
// How far /securityContext/capabilities/add is there, for a patch to it.
enum class CapabilityList : std::uint8_t { no_context, no_capabilities, no_list, present };

struct Container {
  Text name;
  Text image;
  Amounts requests;
  Amounts limits;
  std::optional<Text> visible_devices;      // NVIDIA_VISIBLE_DEVICES, if its value is literal
  std::uint16_t visible_devices_index = 0;  // in env
  std::uint16_t index = 0;                  // in its list
  bool init = false;
  bool sidecar = false;  // an init container with restartPolicy Always
  bool privileged = false;
  bool has_claims = false;  // resources.claims: devices come through DRA
  Shm shm = Shm::none;
  MemoryLock memory_lock = MemoryLock::missing;
  CapabilityList capabilities = CapabilityList::no_context;

  // "containers/0" or "initContainers/0" below the pod spec.
  [[nodiscard]] FieldPath path() const;
};

// What a pod spec says, shared by all pods that say the same.
struct PodTemplate {
  std::vector<Container> containers;  // init containers first
  model::Placement placement;         // node_name is left empty
  model::Resources requests;          // effective
  Amounts gpus;                       // the GPU resources among them, non-zero
  Amounts pod_level;                  // requests or limits of the pod as a whole
  Text service_account;
  Text priority_class;
  bool host_network = false;
  bool host_pid = false;
  bool host_ipc = false;
  bool spreads = false;  // pod anti-affinity or topology spread, required or preferred
  PodSecurity security;

  [[nodiscard]] bool wants_gpu() const { return !gpus.empty(); }
};

// The controller of pods.
struct Owner {
  Text api_version;
  Text kind;
  Text ns;
  Text name;
};

enum class Phase : std::uint8_t { unknown, pending, running, succeeded, failed };

struct Pod {
  Text ns;
  Text name;
  Text node;    // empty while it is not scheduled
  Text reason;  // status.reason; of a pod that is pending or in a crash loop, why it waits
  // Of GPU pods: the scheduler's last word on one that it could not place, how a
  // container ended that is in a crash loop.
  Text message;
  const Owner* owner = nullptr;  // null: on its own
  const LabelSet* labels = nullptr;
  const PodTemplate* spec = nullptr;
  Seconds created = 0;
  Seconds unscheduled_since = 0;
  Origin origin;
  Phase phase = Phase::unknown;
  bool gated = false;  // has scheduling gates: something holds it back on purpose
  bool deleting = false;
  bool is_static = false;  // a mirror of a kubelet's manifest
  bool ready = false;
  std::uint16_t restarts = 0;  // of the container that is in a crash loop; 65535: or more

  [[nodiscard]] bool finished() const {
    return phase == Phase::succeeded || phase == Phase::failed;
  }
  [[nodiscard]] model::ObjectRef ref() const;
};

// The controller that a pod belongs to, a Deployment rather than its ReplicaSet; the
// pod itself when it has none.
model::ObjectRef controller_ref(const Pod& pod);

struct Node {
  Head head;
  std::vector<model::Taint> taints;
  Amounts capacity;
  Amounts allocatable;
  Text ready_status;  // True, False, Unknown; empty: never reported
  Text ready_reason;
  Text ready_message;
  Seconds ready_since = 0;
  Seconds heartbeat = 0;  // the last that conditions tell of
  // The last write by those who set labels of the GPU stack; 0: none is known.
  Seconds gpu_labels_written = 0;
  Text kubelet_version;
  Text runtime_version;  // "containerd://2.3.2"
  Text provider;         // providerID
  bool unschedulable = false;
  bool hami = false;  // carries HAMi's registration annotations

  [[nodiscard]] Text name() const { return head.name; }
  [[nodiscard]] bool ready() const { return ready_status == std::string_view("True"); }
  [[nodiscard]] bool usable() const { return ready() && !unschedulable; }
  [[nodiscard]] model::Node to_model() const;
};

struct Namespace {
  Head head;
  bool terminating = false;
  Seconds deleting_since = 0;
  std::vector<std::string> held_by = {};  // what its conditions say is in the way
};

struct Quota {
  struct Entry {
    Text key;
    Text amount;
    Text used;  // by status.used; empty: not counted
  };
  Head head;
  std::vector<Entry> hard;
};

// One `key in values` of a selector, with where it stands below the selector.
struct SelectorTerm {
  std::string key;
  std::vector<std::string> values;
  FieldPath path;
};

struct NetworkPolicy {
  struct Peer {
    std::optional<model::LabelSelector> pods;
    std::optional<model::LabelSelector> namespaces;
    std::vector<SelectorTerm> namespace_terms;  // equality and In of `namespaces`
    std::string cidr;                           // of an ipBlock
  };
  struct Port {
    std::string protocol = "TCP";
    std::optional<int> number;
    std::optional<int> end;
    std::string name;

    [[nodiscard]] bool covers(std::string_view wanted_protocol, int wanted_number,
                              std::string_view wanted_name) const;
  };
  struct Rule {
    std::vector<Peer> peers;  // none: everything
    std::vector<Port> ports;  // none: every port

    [[nodiscard]] bool opens(std::string_view protocol, int number, std::string_view name) const;
  };
  Head head;
  model::LabelSelector pods;
  bool for_ingress = false;
  bool for_egress = false;
  std::vector<Rule> ingress;
  std::vector<Rule> egress;
};

// A program of the control plane that runs as a (static) pod, with its flags; Velero, too.
struct ControlPlanePod {
  struct Flag {
    std::string name;  // without dashes
    std::string value;
    FieldPath path;  // of the argument
  };
  Head head;
  std::string program;  // "etcd", "kube-apiserver", "velero"
  std::string image;
  std::vector<Flag> flags;
  bool is_static = false;  // a mirror of a kubelet's manifest

  [[nodiscard]] const Flag* flag(std::string_view name) const;
};

struct MetricRules {
  struct Use {
    std::string metric;
    std::string rule;  // the alert's or record's name
    FieldPath path;    // of the expression
  };
  Head head;
  std::vector<Use> uses;              // metrics that may be a GPU exporter's
  std::vector<std::string> recorded;  // names that its recording rules define
};

// An object whose apiVersion, or one that a manager wrote it through, is in the table
// of removed and deprecated APIs.
struct ApiUse {
  Head head;
  std::string api_version;  // the one in the table
  std::string manager;      // who wrote through it; empty: the object itself says so
  Seconds time = 0;         // of that write
};

// An object with a pod template in it; objects of several templates (a RayCluster)
// have one Workload for each.
struct Workload {
  Head head;
  const Owner* owner = nullptr;
  const PodTemplate* spec = nullptr;
  const LabelSet* pod_labels = nullptr;
  Text spec_path;              // JSON pointer of the pod spec in the object
  std::int64_t replicas = -1;  // wanted; -1: unknown
  bool finished = false;       // a Job that is done
  bool cleaned_up = false;     // a Job that a TTL deletes, or what applied it
  Text refused;                // why the API server takes none of its pods; empty: it does
  Seconds refused_since = 0;
};

// What rules about pod specs look at: a Workload, a pod on its own, or the pods of a
// controller that was not read. Made on the fly; points into the Facts.
struct Subject {
  model::ObjectRef ref;  // the pods' controller where there is one
  Origin origin;
  const PodTemplate* spec = nullptr;
  const LabelSet* pod_labels = nullptr;
  FieldPath spec_path;
  const Workload* workload = nullptr;
  const Pod* pod = nullptr;  // whose spec this is, when it is not a Workload's
  bool finished = false;

  [[nodiscard]] FieldPath container_path(const Container& container) const {
    return spec_path / container.path();
  }
};

struct Operations;  // facts/operations.hpp

struct Facts {
  Facts();
  ~Facts();
  Facts(Facts&&) noexcept;
  Facts& operator=(Facts&&) noexcept;

  // cluster: all there is, so what is absent does not exist. files: a part of it.
  enum class View { cluster, files } view = View::files;
  KindSet complete;     // kinds of which every object (of the audited namespaces) is known
  std::string only_ns;  // -n: the only namespace that was read; empty: all
  Seconds now = 0;
  KubeVersion target;  // that API lifecycles are judged for
  KubeVersion server;  // what the API server says it is; unknown in files
  Thresholds thresholds;

  std::deque<Pod> pods;
  std::vector<Node> nodes;
  std::vector<Namespace> namespaces;
  std::vector<Quota> quotas;
  std::vector<NetworkPolicy> network_policies;
  std::vector<Role> roles;
  std::vector<RoleBinding> role_bindings;
  std::vector<Role> cluster_roles;
  std::vector<RoleBinding> cluster_role_bindings;
  SecurityFacts security;
  std::vector<ControlPlanePod> control_plane;
  std::vector<MetricRules> metric_rules;
  std::vector<ApiUse> api_uses;
  std::vector<SharingConfig> sharing_configs;
  std::vector<Text> runtime_classes;           // names, sorted
  std::vector<model::Taint> declared_taints;   // of GPU nodes, by a profile among the files
  std::vector<Workload> workloads;             // without those that another one controls
  std::vector<const Pod*> lone_pods;           // one for each Subject that is no Workload
  std::vector<std::string> kinds_seen;         // sorted, once each
  std::vector<ExceptionMark> exception_marks;  // written on objects
  Governance governance;
  std::int64_t objects = 0;
  std::unique_ptr<Operations> operations;  // never null

  [[nodiscard]] bool whole_cluster() const { return view == View::cluster; }
  [[nodiscard]] const Node* node(std::string_view name) const;
  [[nodiscard]] const Pod* pod(std::string_view ns, std::string_view name) const;
  [[nodiscard]] const Namespace* find_namespace(std::string_view name) const;
  // Every Subject, sorted within workloads and within pods.
  void each_subject(const std::function<void(const Subject&)>& visit) const;

  // The stores that everything above points into.
  TextStore texts;
  std::deque<Owner> owners;
  std::deque<PodTemplate> templates;
};

}  // namespace kai::audit
