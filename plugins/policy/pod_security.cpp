#include "pod_security.hpp"

#include <kai/audit/facts/pod_levels.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;

constexpr output::ImpactKind k_rejected{"rejected", output::Style::bad, "running pod",
                                        "would be refused when made again"};
constexpr output::ImpactKind k_rejected_like{"rejected", output::Style::bad, "running pod",
                                             "and those like it would be refused when made again"};
constexpr output::ImpactKind k_template{"templateRejected", output::Style::warning, "workload",
                                        "without pods could not make any"};

void add_mode(Json& labels, std::string_view mode,
              const std::optional<model::PodSecurityMode>& wanted) {
  if (!wanted) return;
  const std::string key = std::string(k_pod_security_prefix) + std::string(mode);
  labels[key] = wanted->level;
  if (wanted->version) labels[key + "-version"] = *wanted->version;
}

std::vector<std::string> labels_of_ours(const Resource& ns) {
  const auto owners = model::field_owners(ns.json());
  const auto* const ours = model::find_owner(owners, kube::k_field_manager, "Apply");
  return ours == nullptr ? std::vector<std::string>() : ours->keys_below({"metadata", "labels"});
}

// The server's line about pods: `NAME: why`, `NAME (and 2 other pods): why`.
struct Group {
  output::Impact impact;
  std::size_t pods = 1;
};
std::optional<Group> read_warning(const std::string& ns, const std::string& text) {
  const auto colon = text.find(": ");
  if (colon == std::string::npos) return std::nullopt;
  const std::string name = text.substr(0, text.find_first_of(" :"));
  if (name.empty()) return std::nullopt;
  Group group{{&k_rejected_like, {"v1", "Pod", ns, name}, text.substr(colon + 2)}};
  const std::string more = text.substr(name.size(), colon - name.size());
  if (more.empty()) return group;
  constexpr std::string_view k_and = " (and ";
  if (!more.starts_with(k_and)) return std::nullopt;
  const std::string count = more.substr(k_and.size());
  std::size_t others = 0;
  std::from_chars(count.data(), count.data() + count.size(), others);
  group.pods += others;
  group.impact.detail =
      "and " + count.substr(0, count.find(')')) + ": " + std::move(group.impact.detail);
  return group;
}

std::string controls_of(const std::vector<audit::PodBreach>& broken) {
  std::string text;
  for (const audit::PodBreach& breach : broken) {
    text += (text.empty() ? "" : ", ") + std::string(audit::to_string(breach.control));
  }
  return text;
}

std::string_view enforced(const Request& request, std::string_view ns) {
  const Wanted* const wanted = request.find(ns);
  if (wanted == nullptr || !wanted->pod_security || !wanted->pod_security->enforce) return {};
  return wanted->pod_security->enforce->level;
}

// The pods of a namespace that the level would turn away, by what is known of them here.
std::vector<output::Impact> rejected_pods(const Request& request, const ClusterState& state,
                                          const std::string& ns) {
  std::vector<output::Impact> impacts;
  if (!state.facts) return impacts;
  for (const audit::Pod& pod : state.facts->pods) {
    if (pod.ns != std::string_view(ns) || pod.finished()) continue;
    const auto broken = audit::breaches_of(pod.spec->security, enforced(request, ns));
    if (!broken.empty()) impacts.push_back({&k_rejected, pod.ref(), controls_of(broken)});
  }
  return impacts;
}

}  // namespace

Resource namespace_config(const std::string& ns, const Resource* live,
                          const std::optional<model::PodSecurityProfile>& wanted) {
  Json metadata{{"name", ns}};
  Json labels = Json::object();
  if (live != nullptr) {
    metadata["uid"] = live->uid();
    for (const std::string& key : labels_of_ours(*live)) {
      const auto value = live->label(key);
      if (value && !key.starts_with(k_pod_security_prefix)) labels[key] = *value;
    }
  }
  if (wanted) {
    add_mode(labels, "enforce", wanted->enforce);
    add_mode(labels, "audit", wanted->audit);
    add_mode(labels, "warn", wanted->warn);
  }
  if (!labels.empty()) metadata["labels"] = std::move(labels);
  return Resource(
      Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", std::move(metadata)}});
}

bool has_labels_of_ours(const Resource& ns) {
  const auto keys = labels_of_ours(ns);
  return std::any_of(keys.begin(), keys.end(),
                     [](const std::string& key) { return key.starts_with(k_pod_security_prefix); });
}

std::string tenant_keeper(const Resource& ns) {
  const Json* const owners = model::find_path(ns.json(), {"metadata", "ownerReferences"});
  if (owners != nullptr && owners->is_array()) {
    for (const Json& owner : *owners) {
      if (model::string_at(owner, {"kind"}) == "Profile" &&
          Resource::group_of(model::string_at(owner, {"apiVersion"})) == "kubeflow.org") {
        return "Kubeflow's Profile " + std::string(model::string_at(owner, {"name"}));
      }
    }
  }
  if (ns.label("app.kubernetes.io/part-of") == "kubeflow-profile") return "a Profile of Kubeflow";
  if (const auto parent = ns.annotation("hnc.x-k8s.io/subnamespace-of")) {
    return "the Hierarchical Namespace Controller, as a subnamespace of " + std::string(*parent);
  }
  return {};
}

Rejections take_rejections(apply::ChangeSet& set, const Request& request,
                           const ClusterState& state) {
  Rejections found;
  for (apply::Change& change : set.changes) {
    if (change.ref.kind != "Namespace") continue;
    std::vector<std::string> others;
    std::vector<output::Impact> groups;
    std::size_t pods = 0;
    for (std::string& warning : change.warnings) {
      if (warning.starts_with("existing pods in namespace ")) {
        found.running = true;
      } else if (warning.starts_with("new PodSecurity enforce level")) {
        // Not all of them were looked at.
        found.notes.push_back(change.ref.to_string() + ": " + warning);
      } else if (auto group = read_warning(change.ref.name, warning)) {
        pods += group->pods;
        groups.push_back(std::move(group->impact));
      } else {
        others.push_back(std::move(warning));
      }
    }
    change.warnings = std::move(others);
    if (groups.empty()) continue;
    found.running = true;
    std::vector<output::Impact> named = rejected_pods(request, state, change.ref.name);
    if (named.size() != pods) named = std::move(groups);
    found.impacts.insert(found.impacts.end(), std::make_move_iterator(named.begin()),
                         std::make_move_iterator(named.end()));
  }
  return found;
}

std::vector<output::Impact> rejected_templates(const Request& request, const ClusterState& state) {
  std::vector<output::Impact> impacts;
  if (!state.facts) return impacts;
  std::set<model::ObjectRef> running;
  for (const audit::Pod& pod : state.facts->pods) {
    if (!pod.finished()) running.insert(audit::controller_ref(pod));
  }
  state.facts->each_subject([&](const audit::Subject& subject) {
    if (subject.workload == nullptr || subject.finished || running.contains(subject.ref)) return;
    const auto broken =
        audit::breaches_of(subject.spec->security, enforced(request, subject.ref.ns));
    if (!broken.empty()) impacts.push_back({&k_template, subject.ref, controls_of(broken)});
  });
  return impacts;
}

}  // namespace kai::policy
