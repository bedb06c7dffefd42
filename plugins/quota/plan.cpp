#include "plan.hpp"

#include "objects.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/node.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace kai::quota {
namespace {

using model::Json;
using model::Quantity;
using model::Resource;
using model::ResourceAmounts;

constexpr output::ImpactKind k_refused{"refused", output::Style::warning, "workload",
                                       "could not make its pods again"};
constexpr output::ImpactKind k_exceeded{"exceeded", output::Style::warning, "namespace",
                                        "would use more than allowed: no new pod comes in"};

using Defaults = std::vector<model::ContainerDefaults>;

bool is_ours(const Resource& object) {
  return apply::is_made_by(object, k_component);
}

ResourceAmounts amounts_at(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* const amounts = model::find_path(json, path);
  return amounts == nullptr ? ResourceAmounts() : model::resources_from_json(*amounts);
}

// What LimitRanges give to containers that say nothing.
Defaults defaults_of(const Resource& limit_range) {
  Defaults defaults;
  const Json* const limits = model::find_path(limit_range.json(), {"spec", "limits"});
  if (limits == nullptr || !limits->is_array()) return defaults;
  for (const Json& limit : *limits) {
    if (model::string_at(limit, {"type"}) != "Container") continue;
    defaults.push_back({amounts_at(limit, {"defaultRequest"}), amounts_at(limit, {"default"})});
  }
  return defaults;
}

// Of the namespaces of a cluster, by name.
struct Index {
  explicit Index(const ClusterState& state) {
    for (const Resource& quota : state.quotas) quotas[std::string(quota.ns())].push_back(&quota);
    for (const Resource& range : state.limit_ranges) {
      limit_ranges[std::string(range.ns())].push_back(&range);
    }
    for (const PodUse& pod : state.pods) pods[pod.ns].push_back(&pod);
  }

  template <class T>
  static const std::vector<const T*>& of(const std::map<std::string, std::vector<const T*>>& map,
                                         const std::string& ns) {
    static const std::vector<const T*> k_none;
    const auto found = map.find(ns);
    return found == map.end() ? k_none : found->second;
  }

  std::map<std::string, std::vector<const Resource*>> quotas;
  std::map<std::string, std::vector<const Resource*>> limit_ranges;
  std::map<std::string, std::vector<const PodUse*>> pods;
};

class Planner {
 public:
  Planner(const Request& request, const ClusterState& state, kube::Force force)
      : m_request(request), m_state(state), m_index(state), m_force(force) {}

  Result<QuotaPlan> make() {
    m_plan.notes = m_request.notes;
    for (const Wanted& wanted : m_request.namespaces) KAI_TRY(plan(wanted));
    note_oversold_gpus();
    for (const std::string& what : m_state.not_read) {
      m_plan.notes.push_back("not read, so whom this hits is known in part only: " + what);
    }
    return std::move(m_plan);
  }

 private:
  Result<> plan(const Wanted& wanted) {
    const auto& quotas = Index::of(m_index.quotas, wanted.ns);
    const auto& ranges = Index::of(m_index.limit_ranges, wanted.ns);
    std::vector<Resource> objects = objects_of(wanted);
    if (!objects.empty() && !m_state.namespaces.contains(wanted.ns)) create_namespace(wanted.ns);
    for (const auto* const list : {&quotas, &ranges}) {
      for (const Resource* const there : *list) {
        const auto same = [&](const Resource& object) { return object.ref() == there->ref(); };
        if (std::any_of(objects.begin(), objects.end(), same)) continue;
        if (!is_ours(*there)) {
          m_plan.notes.push_back(there->ref().to_string() + " is not ours, and counts as well");
        } else if (wanted.complete) {
          m_plan.steps.push_back({apply::Remove{there->ref(), std::string(there->uid())},
                                  "the profile does not have it any more"});
        }
      }
    }
    tell_impact(wanted, objects, ranges);
    for (Resource& object : objects) {
      std::optional<Resource> live = find(object.ref(), quotas, ranges);
      if (live && m_force == kube::Force::no && !is_ours(*live)) {
        return fail(Error(ErrorCode::conflict, object.ref().to_string() +
                                                   " exists, and was not made by kubectl ai quota")
                        .with_hint("rename it, or take it over with --force-conflicts: undo "
                                   "deletes it then"));
      }
      const bool is_new = !live && quotas.empty() && !m_state.terminating.contains(wanted.ns);
      m_plan.steps.push_back({apply::ApplyConfig{std::move(object), std::move(live), is_new}, {}});
    }
    return {};
  }

  // Nothing of it is ours, so undo leaves it.
  void create_namespace(const std::string& ns) {
    Json config{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
    m_plan.steps.push_back(
        {apply::ApplyConfig{Resource(std::move(config)), std::nullopt}, "undo leaves it"});
  }

  static std::optional<Resource> find(const model::ObjectRef& ref,
                                      const std::vector<const Resource*>& quotas,
                                      const std::vector<const Resource*>& ranges) {
    for (const auto* const list : {&quotas, &ranges}) {
      for (const Resource* const there : *list) {
        if (there->ref() == ref) return *there;
      }
    }
    return std::nullopt;
  }

  void tell_impact(const Wanted& wanted, const std::vector<Resource>& objects,
                   const std::vector<const Resource*>& ranges) {
    Defaults defaults;
    for (const Resource& object : objects) {
      if (object.kind() == "LimitRange") defaults = defaults_of(object);
    }
    for (const Resource* const there : ranges) {
      if (is_ours(*there)) continue;  // will be as wanted, or gone
      const Defaults more = defaults_of(*there);
      defaults.insert(defaults.end(), more.begin(), more.end());
    }
    const auto& pods = Index::of(m_index.pods, wanted.ns);
    tell_refused(wanted, pods, defaults);
    for (const auto& [priority, hard] : wanted.quotas) tell_use(wanted.ns, priority, hard, pods);
  }

  void tell_refused(const Wanted& wanted, const std::vector<const PodUse*>& pods,
                    const Defaults& defaults) {
    std::map<std::pair<std::string, std::string>, int> told;  // who and why
    for (const PodUse* const pod : pods) {
      ResourceAmounts hard;
      for (const auto& [priority, amounts] : wanted.quotas) {
        if (priority.empty() || priority == pod->priority)
          hard.insert(amounts.begin(), amounts.end());
      }
      const std::string why = why_refused(*pod, hard, defaults);
      if (why.empty()) continue;
      const std::string who = pod->owner.empty() ? "Pod " + pod->name : pod->owner;
      if (++told[{who, why}] > 1) continue;
      const std::size_t space = who.find(' ');
      m_plan.impacts.push_back(
          {&k_refused, {"", who.substr(0, space), pod->ns, who.substr(space + 1)}, why});
    }
  }

  void tell_use(const std::string& ns, const std::string& priority, const ResourceAmounts& hard,
                const std::vector<const PodUse*>& pods) {
    std::string over;
    for (const auto& [key, allowed] : hard) {
      UseLine line{ns, priority, key, std::nullopt, allowed};
      if (is_of_pods(key) && pods_are_known()) {
        Quantity used;
        for (const PodUse* const pod : pods) {
          if (priority.empty() || priority == pod->priority) {
            used += model::amount_of(pod->used, key);
          }
        }
        line.used = used;
      } else {
        line.used = counted_already(ns, key);
      }
      if (line.used && *line.used > allowed) {
        over += (over.empty() ? "" : ", ") + key + " " + line.used->to_string() + " of " +
                allowed.to_string();
      }
      m_plan.use.push_back(std::move(line));
    }
    if (!over.empty()) m_plan.impacts.push_back({&k_exceeded, {"v1", "Namespace", "", ns}, over});
  }

  [[nodiscard]] bool pods_are_known() const {
    return std::none_of(m_state.not_read.begin(), m_state.not_read.end(),
                        [](const std::string& what) { return what.starts_with("Pod:"); });
  }

  // By another quota, which counts the same objects.
  [[nodiscard]] std::optional<Quantity> counted_already(const std::string& ns,
                                                        std::string_view key) const {
    for (const Resource* const quota : Index::of(m_index.quotas, ns)) {
      const Json& json = quota->json();
      if (model::find_path(json, {"spec", "scopes"}) != nullptr ||
          model::find_path(json, {"spec", "scopeSelector"}) != nullptr) {
        continue;
      }
      const Json* const used = model::find_path(json, {"status", "used", key});
      if (used == nullptr) continue;
      if (const auto amount = Quantity::from_json(*used)) return *amount;
    }
    return std::nullopt;
  }

  // The sum of what all namespaces are allowed, by quotas that count every pod.
  void note_oversold_gpus() {
    if (!m_state.gpus) return;
    ResourceAmounts promised;  // by GPU resource
    std::map<std::pair<std::string, std::string>, Quantity> by_namespace;
    const auto add = [&](const std::string& ns, std::string_view key, const Quantity& amount) {
      constexpr std::string_view k_requests = "requests.";
      if (!key.starts_with(k_requests)) return;
      const std::string name(key.substr(k_requests.size()));
      if (!model::is_gpu_resource(name)) return;
      // Of several quotas of a namespace the smallest one counts.
      const auto [entry, inserted] = by_namespace.emplace(std::pair(ns, name), amount);
      if (!inserted) entry->second = std::min(entry->second, amount);
    };
    for (const Wanted& wanted : m_request.namespaces) {
      const auto quota = wanted.quotas.find("");
      if (quota == wanted.quotas.end()) continue;
      for (const auto& [key, amount] : quota->second) add(wanted.ns, key, amount);
    }
    for (const Resource& quota : m_state.quotas) {
      if (is_ours(quota) && is_wanted(quota.ns())) continue;  // counted as it will be
      if (model::find_path(quota.json(), {"spec", "scopeSelector"}) != nullptr) continue;
      for (const auto& [key, amount] : amounts_at(quota.json(), {"spec", "hard"})) {
        add(std::string(quota.ns()), key, amount);
      }
    }
    for (const auto& [where, amount] : by_namespace) promised[where.second] += amount;
    for (const auto& [name, amount] : promised) {
      const Quantity there = model::amount_of(*m_state.gpus, name);
      if (amount <= there) continue;
      m_plan.notes.push_back("quotas promise " + amount.to_string() + " " + name +
                             ", and the nodes have " + there.to_string());
    }
  }

  [[nodiscard]] bool is_wanted(std::string_view ns) const {
    return std::any_of(m_request.namespaces.begin(), m_request.namespaces.end(),
                       [ns](const Wanted& wanted) { return wanted.ns == ns; });
  }

  const Request& m_request;
  const ClusterState& m_state;
  Index m_index;
  kube::Force m_force;
  QuotaPlan m_plan;
};

}  // namespace

Result<QuotaPlan> make_plan(const Request& request, const ClusterState& state, kube::Force force) {
  return Planner(request, state, force).make();
}

QuotaPlan make_undo(const ClusterState& state, kube::Force force) {
  QuotaPlan plan;
  for (const auto* const list : {&state.quotas, &state.limit_ranges}) {
    for (const Resource& object : *list) {
      if (!is_ours(object)) continue;
      apply::take_back(object, force, plan.steps, plan.notes);
    }
  }
  return plan;
}

}  // namespace kai::quota
