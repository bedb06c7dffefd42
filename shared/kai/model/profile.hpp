// Profile: the one file that describes a platform (kind: Platform). Every plugin reads
// its own section of it with -f.
//
// Strict: an unknown key, a wrong type or unit, a duplicate, a missing value and whatever
// Kubernetes would reject is an error with file, line and column, and the nearest known
// key. Sections are checked as a whole even if only one is used, so a typo is found by
// whichever plugin comes first. Pure; values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/cidr.hpp>
#include <kai/model/field_checker.hpp>
#include <kai/model/quantity.hpp>
#include <kai/model/selector.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

inline constexpr std::string_view k_profile_api_version = "kubectl-ai/v1alpha1";
inline constexpr std::string_view k_profile_kind = "Platform";

// One GPU is rarely shared by more; a larger number is a slip of the finger.
inline constexpr std::int64_t k_max_time_slices = 256;
// MPS serves at most 48 clients per GPU (NVIDIA's MPS documentation, "Limitations").
inline constexpr std::int64_t k_max_mps_clients = 48;

// spec.gpu. What is not set is nullopt, so that flags and defaults can fill it in.
struct GpuProfile {
  std::vector<std::string> nodes;       // by name, or …
  std::optional<std::string> selector;  // … nodes: {selector: "pool=gpu"}
  std::optional<Labels> labels;
  std::optional<std::string> taint;  // "key=value:Effect"; "none" for no taint
  std::optional<std::string> stack;  // device-plugin, operator, none
  std::optional<std::int64_t> time_slicing;
  std::optional<std::int64_t> mps;
  std::optional<std::string> mig_strategy;  // none, single, mixed
};

// By the names that a ResourceQuota, a LimitRange or a kubelet knows them.
using ResourceAmounts = std::map<std::string, Quantity, std::less<>>;

// The labels pod-security.kubernetes.io/<mode> and <mode>-version.
struct PodSecurityMode {
  std::string level;                   // privileged, baseline, restricted
  std::optional<std::string> version;  // latest or v1.N; not set: no label, which is latest
  bool operator==(const PodSecurityMode&) const = default;
};

// `podSecurity: restricted` is all three. In {enforce: baseline, …} audit and warn follow
// enforce unless they are named, and `version` is that of all modes without their own.
struct PodSecurityProfile {
  std::optional<PodSecurityMode> enforce;
  std::optional<PodSecurityMode> audit;
  std::optional<PodSecurityMode> warn;
};

// What a container gets that asks for nothing. `defaults: {cpu: 1}` is both its request and
// its limit; {requests: {…}, limits: {…}} tells them apart.
struct ContainerDefaults {
  ResourceAmounts requests;
  ResourceAmounts limits;
};

struct NetworkPort {
  std::string protocol = "TCP";  // TCP, UDP, SCTP
  int port = 0;                  // 0: by name
  int end_port = 0;              // 0: no range
  std::string name;
  // As the profile has it: 8080, 53/UDP, 8000-9000, metrics.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const NetworkPort&) const = default;
};

// An entry of allowFrom or allowTo: a namespace (of its pods only those with these labels),
// or a block of addresses.
struct NetworkPeer {
  std::string namespace_name;
  Labels pods;
  std::optional<Cidr> cidr;
  std::vector<Cidr> except;
  std::vector<NetworkPort> ports;  // empty: all
  Location location;
};

enum class Isolation : std::uint8_t { none, ingress, both };

struct NetworkProfile {
  Isolation isolate = Isolation::none;  // deny what is not allowed; the namespace itself is
  bool dns = false;                     // egress to the cluster's DNS
  bool api_server = false;              // egress to the API server
  std::vector<NetworkPeer> allow_from;  // ingress
  std::vector<NetworkPeer> allow_to;    // egress
};

struct RoleSubject {
  std::string kind;            // User, Group, ServiceAccount
  std::string name;            //
  std::string namespace_name;  // of a ServiceAccount; the profile may leave out its own
  auto operator<=>(const RoleSubject&) const = default;
};

// The roles that a profile can grant.
inline constexpr std::string_view k_role_researcher = "ai-researcher";
inline constexpr std::string_view k_role_operator = "ai-operator";

struct RoleProfile {
  std::string name;
  std::vector<RoleSubject> subjects;  // at least one
  Location location;
};

struct NamespaceProfile {
  std::string name;
  std::optional<PodSecurityProfile> pod_security;
  // `gpus: 3` is requests.nvidia.com/gpu here.
  std::optional<ResourceAmounts> quota;
  // Quotas that count the pods of one PriorityClass, by its name.
  std::map<std::string, ResourceAmounts, std::less<>> quota_by_priority;
  std::optional<ContainerDefaults> defaults;
  std::optional<NetworkProfile> network;
  std::vector<RoleProfile> roles;
  Location location;
};

inline constexpr std::int64_t k_min_priority = -2147483648LL;
inline constexpr std::int64_t k_max_user_priority = 1'000'000'000;

struct PriorityClassProfile {
  std::string name;
  std::int64_t value = 0;
  std::string description;
  bool global_default = false;
  std::optional<std::string> preemption_policy;  // PreemptLowerPriority, Never
  Location location;
};

struct BackupProfile {
  std::string provider;
  std::string bucket;
  std::optional<std::string> endpoint;  // http(s)://…
  std::optional<std::string> schedule;  // as Velero and CronJobs take it
  std::optional<std::string> ttl;       // a duration of Go: 720h
};

struct KubeflowProfile {
  std::string source;
  std::optional<std::string> version;
};

struct HostProfile {
  std::optional<std::string> os;          // auto, debian, ubuntu, rhel
  std::optional<std::string> runtime;     // auto, containerd, cri-o
  std::optional<std::string> kubernetes;  // v1.N or v1.N.P
  ResourceAmounts reserved;               // cpu, memory, ephemeral-storage, pid
};

struct Profile {
  std::string name;
  std::optional<GpuProfile> gpu;
  std::vector<NamespaceProfile> namespaces;
  std::vector<PriorityClassProfile> priority_classes;
  std::optional<BackupProfile> backup;
  std::optional<KubeflowProfile> kubeflow;
  std::optional<HostProfile> host;
};

// A document that could be read as YAML. Problems in the order of the file; the profile
// means something only without any. Warnings are about what Kubernetes accepts and nobody
// can want: a quota key that counts nothing.
struct ProfileReading {
  Profile profile;
  std::vector<FieldProblem> problems;
  std::vector<FieldProblem> warnings;
};

// `file` is for messages. Errors: invalid_input when the text is no YAML document.
Result<ProfileReading> check_profile(std::string_view text, std::string_view file);

// Reads one document. Errors: invalid_input at the first problem; the others are its causes.
Result<Profile> parse_profile(std::string_view text, std::string_view file);

// The key that counts what an inert quota key seems to limit: requests.nvidia.com/gpu for
// nvidia.com/gpu and limits.nvidia.com/gpu, which the API server accepts and never counts.
// Empty for keys that count. (HAMi's scheduler counts limits.nvidia.com/gpu by itself.)
std::string counting_quota_key(std::string_view key);

}  // namespace kai::model
