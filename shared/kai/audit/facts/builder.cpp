#include <kai/audit/facts/builder.hpp>

#include <kai/audit/facts/read_operations.hpp>
#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <tuple>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;

// Labels that are a pod's own and that no selector uses: they would keep the label
// sets of replicas apart.
bool is_identity_label(std::string_view key) {
  return key == "controller-uid" || key == "batch.kubernetes.io/controller-uid" ||
         key == "pod-template-generation";
}

const Json* controller_of(const Json& object) {
  for (const Json& owner : array_at(object, {"metadata", "ownerReferences"})) {
    if (model::bool_at(owner, {"controller"})) return &owner;
  }
  return nullptr;
}

bool job_is_done(const Json& job) {
  for (const Json& condition : array_at(job, {"status", "conditions"})) {
    const std::string_view type = model::string_at(condition, {"type"});
    if ((type == "Complete" || type == "Failed") &&
        model::string_at(condition, {"status"}) == "True") {
      return true;
    }
  }
  return false;
}

// Something deletes the Job: its own TTL or Kyverno's, or whatever applied it: Helm, Argo CD,
// Flux, Fleet. These would make a Job anew, and so run it again, that a TTL has deleted.
bool job_is_cleaned_up(const Json& job) {
  static constexpr std::array<std::string_view, 4> k_annotations = {
      "helm.sh/hook", "meta.helm.sh/release-name", "argocd.argoproj.io/hook",
      "argocd.argoproj.io/tracking-id"};
  static constexpr std::array<std::string_view, 5> k_labels = {
      "cleanup.kyverno.io/ttl", "argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name",
      "helm.toolkit.fluxcd.io/name", "objectset.rio.cattle.io/hash"};
  const auto has_any = [&](std::string_view map, std::span<const std::string_view> keys) {
    const Json* const found = model::find_path(job, {"metadata", map});
    return found != nullptr && std::any_of(keys.begin(), keys.end(), [&](std::string_view key) {
             return model::find_path(*found, {key}) != nullptr;
           });
  };
  return model::find_path(job, {"spec", "ttlSecondsAfterFinished"}) != nullptr ||
         has_any("annotations", k_annotations) || has_any("labels", k_labels);
}

// What a Deployment says when its pods are turned away, as by a quota.
const Json* refusal_of(const Json& object) {
  for (const Json& condition : array_at(object, {"status", "conditions"})) {
    if (model::string_at(condition, {"type"}) == "ReplicaFailure" &&
        model::string_at(condition, {"status"}) == "True") {
      return &condition;
    }
  }
  return nullptr;
}

template <class T>
void sort_by_head(std::vector<T>& list) {
  std::sort(list.begin(), list.end(), [](const T& a, const T& b) {
    return std::tuple(a.head.ns.view(), a.head.name.view(), a.head.kind.view()) <
           std::tuple(b.head.ns.view(), b.head.name.view(), b.head.kind.view());
  });
}

}  // namespace

struct FactsBuilder::State {
  FactsOptions options;
  Facts facts;
  TemplateReader templates{facts.texts, facts.templates};
  std::unordered_map<Digest, const Owner*, DigestHash> owners;
  std::set<std::string, std::less<>> kinds_seen;
  Seconds newest_time = 0;

  explicit State(FactsOptions chosen) : options(std::move(chosen)) {
    facts.view = options.view;
    facts.only_ns = options.only_ns;
    facts.now = options.now;
    facts.thresholds = options.thresholds;
    facts.operations->platform.profile = options.profile;
    facts.target = options.target;
  }

  Head read_head(const Json& object, std::string_view api_version, std::string_view kind);
  const Owner* read_owner(const Json& object, const Head& head);
  void add_pod(const Json& object, const Head& head, const Owner* owner);
  void add_workloads(const Json& object, const Head& head, const Owner* owner);
};

FactsBuilder::FactsBuilder(FactsOptions options)
    : m_state(std::make_unique<State>(std::move(options))) {}
FactsBuilder::~FactsBuilder() = default;
FactsBuilder::FactsBuilder(FactsBuilder&&) noexcept = default;
FactsBuilder& FactsBuilder::operator=(FactsBuilder&&) noexcept = default;

void FactsBuilder::set_complete(Kind kind) {
  m_state->facts.complete.add(kind);
}
void FactsBuilder::set_now(Seconds now) {
  m_state->facts.now = now;
}
void FactsBuilder::set_target(KubeVersion target) {
  m_state->facts.target = target;
}
void FactsBuilder::set_server(KubeVersion server) {
  m_state->facts.server = server;
}

Head FactsBuilder::State::read_head(const Json& object, std::string_view api_version,
                                    std::string_view kind) {
  TextStore& texts = facts.texts;
  Head head;
  head.api_version = texts.intern(api_version);
  head.kind = texts.intern(kind);
  head.ns = texts.intern(model::string_at(object, {"metadata", "namespace"}));
  std::string_view name = model::string_at(object, {"metadata", "name"});
  if (name.empty()) name = model::string_at(object, {"metadata", "generateName"});
  head.name = texts.keep(name);
  head.labels =
      texts.intern_labels(model::find_path(object, {"metadata", "labels"}), &is_identity_label);
  head.created = parse_time(model::string_at(object, {"metadata", "creationTimestamp"}));
  head.owned = !array_at(object, {"metadata", "ownerReferences"}).empty();
  head.deleting = model::find_path(object, {"metadata", "deletionTimestamp"}) != nullptr;
  newest_time = std::max(newest_time, head.created);
  return head;
}

const Owner* FactsBuilder::State::read_owner(const Json& object, const Head& head) {
  const Json* const json = controller_of(object);
  if (json == nullptr) return nullptr;
  const std::string_view api_version = model::string_at(*json, {"apiVersion"});
  const std::string_view kind = model::string_at(*json, {"kind"});
  const std::string_view name = model::string_at(*json, {"name"});
  Digest digest;
  for (const std::string_view part : {api_version, kind, head.ns.view(), name}) digest.add(part);
  const auto known = owners.find(digest);
  if (known != owners.end()) return known->second;
  const Owner* const owner =
      &facts.owners.emplace_back(Owner{facts.texts.intern(api_version), facts.texts.intern(kind),
                                       head.ns, facts.texts.intern(name)});
  owners.emplace(digest, owner);
  return owner;
}

void FactsBuilder::State::add_pod(const Json& object, const Head& head, const Owner* owner) {
  static const Json k_none;
  const Json* const spec = model::find_path(object, {"spec"});
  const bool by_daemon_set = owner != nullptr && owner->kind == std::string_view("DaemonSet");
  Pod pod = read_pod(object, head, facts.texts);
  pod.owner = owner;
  pod.spec = templates.read(
      spec == nullptr ? k_none : *spec, model::find_path(object, {"metadata"}),
      by_daemon_set ? TemplateReader::PlacedBy::daemon_set : TemplateReader::PlacedBy::scheduler);
  read_claim_uses(object, pod, facts);
  // Messages are long, and only looked at where GPUs are waited for or held.
  if (!pod.spec->wants_gpu()) pod.message = {};
  newest_time = std::max(newest_time, pod.unscheduled_since);
  facts.pods.push_back(pod);
  if (auto control_plane = read_control_plane(object, head)) {
    facts.control_plane.push_back(*std::move(control_plane));
  }
}

void FactsBuilder::State::add_workloads(const Json& object, const Head& head, const Owner* owner) {
  for (const std::string_view path : template_paths(head.api_version, head.kind)) {
    each_match(object, path, [&](const Json& pod_template, const FieldPath& template_path) {
      const Json* const spec = model::find_path(pod_template, {"spec"});
      if (spec == nullptr) return;
      Workload workload;
      workload.head = head;
      workload.owner = owner;
      workload.spec = templates.read(*spec, model::find_path(pod_template, {"metadata"}),
                                     TemplateReader::PlacedBy::scheduler);
      workload.pod_labels =
          facts.texts.intern_labels(model::find_path(pod_template, {"metadata", "labels"}));
      workload.spec_path = facts.texts.intern((template_path / "spec").pointer());
      if (const Json* replicas = model::find_path(object, {"spec", "replicas"});
          replicas != nullptr && replicas->is_number_integer()) {
        workload.replicas = replicas->get<std::int64_t>();
      }
      if (head.kind == std::string_view("Job")) {
        workload.finished = job_is_done(object);
        workload.cleaned_up = job_is_cleaned_up(object);
      }
      if (const Json* refusal = refusal_of(object)) {
        workload.refused = facts.texts.intern(model::string_at(*refusal, {"message"}));
        workload.refused_since = parse_time(model::string_at(*refusal, {"lastTransitionTime"}));
        newest_time = std::max(newest_time, workload.refused_since);
      }
      facts.workloads.push_back(workload);
    });
  }
}

void FactsBuilder::add(const Json& object, Origin origin) {
  add(object, model::string_at(object, {"apiVersion"}), model::string_at(object, {"kind"}), origin);
}

void FactsBuilder::add(const Json& object, std::string_view api_version, std::string_view kind_name,
                       Origin origin) {
  State& state = *m_state;
  Facts& facts = state.facts;
  Head head = state.read_head(object, api_version, kind_name);
  head.origin = origin;
  const std::optional<Kind> kind = kind_of(api_version, kind_name);
  const bool cluster_scoped = kind && info(*kind).scope == KindScope::cluster;
  if (head.ns.empty() && !cluster_scoped && !state.options.default_ns.empty()) {
    head.ns = facts.texts.intern(state.options.default_ns);
  }
  ++facts.objects;
  if (state.kinds_seen.find(kind_name) == state.kinds_seen.end()) {
    state.kinds_seen.emplace(kind_name);
  }
  read_api_uses(object, head, facts.api_uses);
  if (has_exception_marks(object)) {
    read_exception_marks(object, head.ref(), origin, facts.exception_marks);
  }

  const Owner* const owner = state.read_owner(object, head);
  if (!kind) {
    if (kind_name == "Platform" && model::Resource::group_of(api_version) == "kubectl-ai") {
      read_profile(object, facts.declared_taints);
    } else if (!read_configuration(object, head, facts)) {
      state.add_workloads(object, head, owner);
    }
    return;
  }
  switch (*kind) {
    case Kind::pod: state.add_pod(object, head, owner); break;
    case Kind::node: {
      Node node = read_node(object, head, facts.texts);
      state.newest_time = std::max({state.newest_time, node.ready_since, node.heartbeat});
      facts.nodes.push_back(std::move(node));
      break;
    }
    case Kind::name_space:
      facts.namespaces.push_back(read_namespace(object, head));
      state.newest_time = std::max(state.newest_time, facts.namespaces.back().deleting_since);
      break;
    case Kind::resource_quota:
      facts.quotas.push_back(read_quota(object, head, facts.texts));
      read_platform(*kind, object, head, facts);
      break;
    case Kind::network_policy:
      facts.network_policies.push_back(read_network_policy(object, head));
      break;
    case Kind::role: facts.roles.push_back(read_role(object, head, facts.texts)); break;
    case Kind::role_binding:
      facts.role_bindings.push_back(read_role_binding(object, head, facts.texts));
      break;
    case Kind::cluster_role:
      facts.cluster_roles.push_back(read_role(object, head, facts.texts));
      break;
    case Kind::cluster_role_binding:
      facts.cluster_role_bindings.push_back(read_role_binding(object, head, facts.texts));
      break;
    case Kind::service:
      facts.security.services.push_back(read_service(object, head, facts.texts));
      break;
    case Kind::validating_webhooks:
    case Kind::mutating_webhooks: read_webhooks(object, head, facts.security.webhooks); break;
    case Kind::prometheus_rule:
      facts.metric_rules.push_back(read_metric_rules(object, head));
      break;
    case Kind::config_map:
      read_sharing(object, head, facts.sharing_configs);
      read_governance(*kind, object, head, facts);
      break;
    case Kind::runtime_class: facts.runtime_classes.push_back(head.name); break;
    case Kind::limit_range:
    case Kind::priority_class:
      read_governance(*kind, object, head, facts);
      read_platform(*kind, object, head, facts);
      break;
    case Kind::horizontal_pod_autoscaler:
    case Kind::kubeflow_profile: read_governance(*kind, object, head, facts); break;
    default:
      if (k_foreign_policies.has(*kind)) {
        facts.security.foreign_policies.push_back({head});
      } else if (!read_operations(*kind, object, head, facts, state.newest_time)) {
        state.add_workloads(object, head, owner);
      }
      break;
  }
}

Facts FactsBuilder::finish() {
  State& state = *m_state;
  Facts& facts = state.facts;
  std::sort(facts.pods.begin(), facts.pods.end(), [](const Pod& a, const Pod& b) {
    return std::tuple(a.ns.view(), a.name.view()) < std::tuple(b.ns.view(), b.name.view());
  });
  sort_by_head(facts.nodes);
  sort_by_head(facts.namespaces);
  sort_by_head(facts.quotas);
  sort_by_head(facts.network_policies);
  sort_by_head(facts.roles);
  sort_by_head(facts.role_bindings);
  sort_by_head(facts.cluster_roles);
  sort_by_head(facts.cluster_role_bindings);
  sort_by_head(facts.security.services);
  sort_by_head(facts.security.webhooks);
  sort_by_head(facts.control_plane);
  sort_by_head(facts.metric_rules);
  sort_by_head(facts.api_uses);
  sort_by_head(facts.workloads);
  sort_operations(*facts.operations);
  sort_platform(facts.operations->platform);
  std::stable_sort(facts.sharing_configs.begin(), facts.sharing_configs.end(),
                   [](const SharingConfig& a, const SharingConfig& b) {
                     return std::tie(a.object.ns, a.object.name, a.entry) <
                            std::tie(b.object.ns, b.object.name, b.entry);
                   });
  std::sort(facts.runtime_classes.begin(), facts.runtime_classes.end());
  std::stable_sort(
      facts.exception_marks.begin(), facts.exception_marks.end(),
      [](const ExceptionMark& a, const ExceptionMark& b) { return a.object < b.object; });
  link_governance(facts);
  link_subjects(facts);
  facts.kinds_seen.assign(state.kinds_seen.begin(), state.kinds_seen.end());
  if (facts.now == 0) facts.now = state.newest_time;
  if (!facts.target.known()) facts.target = ApiTable::get().newest();
  Facts done = std::move(facts);
  m_state = std::make_unique<State>(FactsOptions{});
  return done;
}

}  // namespace kai::audit
