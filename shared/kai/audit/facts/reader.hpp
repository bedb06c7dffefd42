// How single objects become facts: the pieces of FactsBuilder. Internal to facts/.
//
// Readers never fail: a field that is absent or of the wrong type is as if it were not
// there. Whatever they store goes through the TextStore.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <functional>
#include <optional>
#include <span>
#include <unordered_map>

namespace kai::audit {

// The array at a path, or an empty one.
const model::Json& array_at(const model::Json& object,
                            std::initializer_list<std::string_view> path);

// 128 bits over the parts of a JSON value that matter.
struct Digest {
  std::uint64_t a = 0x243F6A8885A308D3ULL;
  std::uint64_t b = 0x13198A2E03707344ULL;

  void add(std::uint64_t value);
  void add(std::string_view text);
  void add(const model::Json& value);
  bool operator==(const Digest&) const = default;
};
struct DigestHash {
  std::size_t operator()(const Digest& digest) const { return digest.a; }
};

class TemplateReader {
 public:
  TemplateReader(TextStore& texts, std::deque<PodTemplate>& templates)
      : m_texts(texts), m_templates(templates) {}

  // Pods of a DaemonSet are bound to their node by an affinity of their own; it is left
  // out, or no two of them would be alike.
  enum class PlacedBy { scheduler, daemon_set };
  // The template of a pod spec, stored once for all that say the same. `metadata` is the
  // pod's or its template's: annotations of old choose AppArmor profiles.
  const PodTemplate* read(const model::Json& spec, const model::Json* metadata, PlacedBy placed_by);

 private:
  PodTemplate build(const model::Json& spec, const model::Json* metadata, PlacedBy placed_by);
  Container container(const model::Json& json, std::size_t index,
                      const std::vector<std::string>& memory_volumes,
                      const std::vector<std::string>& host_volumes);
  static void read_memory_lock(const model::Json& spec, const model::Json& json,
                               Container& container);

  TextStore& m_texts;
  std::deque<PodTemplate>& m_templates;
  std::unordered_map<Digest, const PodTemplate*, DigestHash> m_known;
};

Amounts read_amounts(const model::Json* amounts, TextStore& texts);

// Each takes an object whose Head was read already.
Pod read_pod(const model::Json& object, const Head& head, TextStore& texts);
Node read_node(const model::Json& object, const Head& head, TextStore& texts);
Quota read_quota(const model::Json& object, const Head& head, TextStore& texts);
NetworkPolicy read_network_policy(const model::Json& object, const Head& head);
Role read_role(const model::Json& object, const Head& head, TextStore& texts);
RoleBinding read_role_binding(const model::Json& object, const Head& head, TextStore& texts);
Namespace read_namespace(const model::Json& object, const Head& head);
Service read_service(const model::Json& object, const Head& head, TextStore& texts);
// The webhooks of a configuration that turn requests away when their Service is down.
void read_webhooks(const model::Json& object, const Head& head, std::vector<Webhook>& webhooks);
MetricRules read_metric_rules(const model::Json& object, const Head& head);
// nullopt unless the pod runs a program of the control plane.
std::optional<ControlPlanePod> read_control_plane(const model::Json& object, const Head& head);
// The taint that a platform profile gives to GPU nodes.
void read_profile(const model::Json& object, std::vector<model::Taint>& taints);
// The device plugin configurations in a ConfigMap.
void read_sharing(const model::Json& object, const Head& head, std::vector<SharingConfig>& configs);
// See Node.
Seconds read_gpu_labels_written(const model::Json& node);
// The uses of API versions that the table knows, by the object itself and its managers.
void read_api_uses(const model::Json& object, const Head& head, std::vector<ApiUse>& uses);

// What is set over the pods of others; see Governance.
void read_governance(Kind kind, const model::Json& object, const Head& head, Facts& facts);
// Sorts Facts::governance, and finds the targets of autoscalers among all workloads that
// were read: before link_subjects().
void link_governance(Facts& facts);

// Drops the workloads that another one controls and fills in Facts::lone_pods.
// Everything else must be in place and sorted.
void link_subjects(Facts& facts);

// Where the pod templates of a kind are: JSON pointers of the objects that have
// `metadata` and `spec` of pods, with "*" for every element; empty for kinds without.
std::span<const std::string_view> template_paths(std::string_view api_version,
                                                 std::string_view kind);
// Every value that `pattern` names, with its own pointer.
void each_match(const model::Json& object, std::string_view pattern,
                const std::function<void(const model::Json& value, const FieldPath& path)>& visit);

}  // namespace kai::audit
