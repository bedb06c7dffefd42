// Pod Security Admission: the labels of a namespace, and whom the server would turn away under
// them. Pure functions.
#pragma once

#include "request.hpp"
#include "state.hpp"

#include <kai/apply/change.hpp>
#include <kai/apply/step.hpp>
#include <kai/output/impact_text.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::policy {

inline constexpr std::string_view k_pod_security_prefix = "pod-security.kubernetes.io/";

// Of a namespace: the Pod Security labels that it shall have by us. Other labels that are
// ours stay.
model::Resource namespace_config(const std::string& ns, const model::Resource* live,
                                 const std::optional<model::PodSecurityProfile>& wanted);

// Whether any Pod Security label of it is ours.
bool has_labels_of_ours(const model::Resource& ns);

// Who makes the namespace what it is, where that is a controller for tenants: "Profile lab of
// Kubeflow", "the Hierarchical Namespace Controller". Empty: nobody.
std::string tenant_keeper(const model::Resource& ns);

// What the server has said of the level, taken out of the namespaces' warnings; the pods by
// name, where what the state has of them is what the server counted.
struct Rejections {
  std::vector<output::Impact> impacts;
  std::vector<std::string> notes;
  bool running = false;  // pods that run now would be turned away
};
Rejections take_rejections(apply::ChangeSet& set, const Request& request,
                           const ClusterState& state);

// Workloads without pods whose templates the level would turn away: the server looks at pods
// alone.
std::vector<output::Impact> rejected_templates(const Request& request, const ClusterState& state);

}  // namespace kai::policy
