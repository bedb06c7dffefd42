#include "plan.hpp"

#include "flows.hpp"
#include "network_objects.hpp"
#include "pod_security.hpp"
#include "role_objects.hpp"

#include <kai/apply/keeper.hpp>
#include <kai/apply/ownership.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;

// Whose an object is that is not ours, where that can be told: " (of Helm release x)".
std::string of_whom(const Resource& object) {
  if (const auto from = object.label("hnc.x-k8s.io/inherited-from")) {
    return " (inherited from " + std::string(*from) +
           " through the Hierarchical Namespace Controller)";
  }
  if (const auto keeper = apply::keeper_of(object)) return " (of " + keeper->who + ")";
  return {};
}

// What a namespace that is made begins with, as the plan does not list its labels.
std::string with_level(const Wanted& wanted) {
  if (!wanted.pod_security || !wanted.pod_security->enforce) return {};
  return "enforces " + wanted.pod_security->enforce->level + "; ";
}

class Planner {
 public:
  Planner(const Request& request, const ClusterState& state, kube::Force force)
      : m_request(request), m_state(state), m_force(force) {}

  Result<PolicyPlan> make() {
    m_plan.notes = m_request.notes;
    for (const auto* const list : {&m_state.policies, &m_state.roles, &m_state.bindings}) {
      for (const Resource& object : *list) m_there[std::string(object.ns())].push_back(&object);
    }
    for (const Wanted& wanted : m_request.namespaces) KAI_TRY(plan(wanted));
    m_plan.impacts = rejected_templates(m_request, m_state);
    tell_cut_flows();
    for (const std::string& what : m_state.not_read) {
      m_plan.notes.push_back("not read, so whom this hits is known in part only: " + what);
    }
    return std::move(m_plan);
  }

 private:
  Result<> plan(const Wanted& wanted) {
    const Resource* const live = m_state.find_namespace(wanted.ns);
    if (live != nullptr && model::string_at(live->json(), {"status", "phase"}) == "Terminating") {
      return fail(Error(ErrorCode::invalid_input, "Namespace " + wanted.ns + " is being deleted")
                      .with_hint("nothing was written; wait until it is gone"));
    }
    plan_labels(wanted, live);
    KAI_TRY_ASSIGN(NetworkObjects network, network_objects(wanted, m_state.around));
    std::move(network.notes.begin(), network.notes.end(), std::back_inserter(m_plan.notes));
    std::vector<Resource> objects = std::move(network.policies);
    for (Resource& object : role_objects(wanted)) objects.push_back(std::move(object));
    return plan_objects(wanted, std::move(objects));
  }

  // Whether this request decides about objects of that kind in the namespace.
  static bool decides(const Wanted& wanted, std::string_view kind) {
    if (wanted.complete) return true;
    return kind == "NetworkPolicy" ? wanted.network.has_value() : !wanted.roles.empty();
  }

  Result<> plan_objects(const Wanted& wanted, std::vector<Resource> objects) {
    for (const Resource* const there : m_there[wanted.ns]) {
      const bool is_wanted =
          std::any_of(objects.begin(), objects.end(),
                      [&](const Resource& object) { return object.ref() == there->ref(); });
      if (is_wanted || !decides(wanted, there->kind())) continue;
      // Flags name one role of two: the other stays.
      const bool is_of_flags = !wanted.complete && there->kind() != "NetworkPolicy";
      if (is_ours(*there)) {
        if (is_of_flags) continue;
        m_plan.steps.push_back({apply::Remove{there->ref(), std::string(there->uid())},
                                "it is not asked for any more"});
      } else if (there->kind() == "NetworkPolicy" && wanted.isolates()) {
        m_plan.notes.push_back(there->ref().to_string() + of_whom(*there) +
                               " is not ours, and what it allows stays allowed");
        keep_open(*there);
      } else if (there->kind() == "RoleBinding" && !wanted.roles.empty()) {
        m_plan.notes.push_back(there->ref().to_string() + of_whom(*there) +
                               " is not ours, and gives what it gives");
      }
    }
    for (Resource& object : objects) {
      const auto found =
          std::find_if(m_there[wanted.ns].begin(), m_there[wanted.ns].end(),
                       [&](const Resource* there) { return there->ref() == object.ref(); });
      std::optional<Resource> live;
      if (found != m_there[wanted.ns].end()) live = **found;
      if (live && m_force == kube::Force::no && !is_ours(*live)) {
        return fail(Error(ErrorCode::conflict, object.ref().to_string() + of_whom(*live) +
                                                   " exists, and was not made by kubectl ai policy")
                        .with_hint("rename it, or take it over with --force-conflicts: undo "
                                   "deletes it then"));
      }
      if (object.kind() == "NetworkPolicy") keep_open(object);
      m_plan.steps.push_back({apply::ApplyConfig{std::move(object), std::move(live)}, {}});
    }
    return {};
  }

  // A policy that there will be.
  void keep_open(const Resource& object) {
    auto policy = model::NetworkPolicy::from_json(object.json());
    if (policy) m_after.push_back(*std::move(policy));
  }

  void tell_cut_flows() {
    if (!m_request.isolates()) return;
    auto cut =
        cut_flows(m_request, m_state.around, m_after, m_state.facts ? &*m_state.facts : nullptr);
    m_plan.cuts = !cut.empty();
    std::move(cut.begin(), cut.end(), std::back_inserter(m_plan.impacts));
    m_plan.notes.emplace_back(
        "flows are known from what names them: Ingresses, Services, webhooks, monitors, and the "
        "commands, arguments and environments of pods. What leaves no trace there cannot be seen");
  }

  void plan_labels(const Wanted& wanted, const Resource* live) {
    const bool wants_labels = wanted.pod_security.has_value();
    if (live == nullptr) {
      if (!wants_labels && !wanted.network && wanted.roles.empty()) return;
      m_plan.steps.push_back(
          {apply::ApplyConfig{namespace_config(wanted.ns, nullptr, wanted.pod_security),
                              std::nullopt},
           with_level(wanted) + "undo leaves it"});
      return;
    }
    const bool gives_up = !wants_labels && wanted.complete && has_labels_of_ours(*live);
    if (!wants_labels && !gives_up) return;
    const std::string keeper = tenant_keeper(*live);
    if (!keeper.empty()) {
      if (wants_labels && m_force == kube::Force::no) {
        m_plan.notes.push_back("Namespace " + wanted.ns + " is made by " + keeper +
                               ": its labels are left, --force-conflicts sets them");
        return;
      }
    }
    m_plan.steps.push_back(
        {apply::ApplyConfig{namespace_config(wanted.ns, live, wanted.pod_security), *live},
         gives_up ? "the profile does not have it any more" : ""});
  }

  const Request& m_request;
  const ClusterState& m_state;
  kube::Force m_force;
  std::map<std::string, std::vector<const Resource*>> m_there;
  std::vector<model::NetworkPolicy> m_after;
  PolicyPlan m_plan;
};

}  // namespace

bool is_ours(const Resource& object) {
  return apply::is_made_by(object, k_component);
}

Result<PolicyPlan> make_plan(const Request& request, const ClusterState& state, kube::Force force) {
  return Planner(request, state, force).make();
}

PolicyPlan make_undo(const ClusterState& state, kube::Force force) {
  PolicyPlan plan;
  for (const auto& [name, ns] : state.namespaces) {
    if (!has_labels_of_ours(ns)) continue;
    plan.steps.push_back({apply::ApplyConfig{namespace_config(name, &ns, std::nullopt), ns}, {}});
  }
  for (const auto* const list : {&state.policies, &state.bindings, &state.roles}) {
    for (const Resource& object : *list) {
      if (!is_ours(object)) continue;
      apply::take_back(object, force, plan.steps, plan.notes);
    }
  }
  return plan;
}

}  // namespace kai::policy
