// From a request and the facts to the steps of `gpu setup`. Pure functions.
#pragma once

#include "device_plugin.hpp"
#include "facts.hpp"
#include "impact.hpp"
#include "node_setup.hpp"
#include "request.hpp"

#include <kai/apply/step.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::gpu {

// The nodes a request means, sorted by name, each once. Errors: not_found for names that
// do not exist (all of them, with the nearest names) and for a selection of nothing.
Result<std::vector<const model::Node*>> select_targets(const SetupRequest& request,
                                                       const ClusterFacts& facts);
// The same for commands that take names and a selector only; no choice means every GPU node.
Result<std::vector<const model::Node*>> select_nodes(const std::vector<std::string>& names,
                                                     const std::string& selector,
                                                     const ClusterFacts& facts);

struct SetupPlan {
  std::vector<apply::Step> steps;
  std::vector<Impact> impacts;
  std::vector<std::string> notes;
  // Whether this plan installs or keeps our own device plugin, so that setup can wait for
  // its GPUs.
  bool serves_gpus = false;
};

// `objects` are the targets as the server has them, in the order of `targets`;
// `runtime_class` is the RuntimeClass "nvidia", if there is one. Errors: conflict, when
// our device plugin was asked for where another one serves the GPUs.
Result<SetupPlan> plan_setup(const SetupRequest& request,
                             const std::vector<const model::Node*>& targets,
                             const std::vector<model::Resource>& objects, const ClusterFacts& facts,
                             const std::optional<model::Resource>& runtime_class,
                             kube::Force force);

}  // namespace kai::gpu
