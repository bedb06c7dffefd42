#include "fix_plan.hpp"

#include <kai/apply/keeper.hpp>
#include <kai/audit/facts/builder.hpp>
#include <kai/audit/facts/pod_levels.hpp>
#include <kai/model/json_patch.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;

std::vector<BrokenControl> controls_of(const audit::Subject& subject, std::string_view level) {
  std::vector<BrokenControl> controls;
  for (const audit::PodBreach& breach : audit::breaches_of(subject.spec->security, level)) {
    controls.push_back({std::string(audit::to_string(breach.control)),
                        audit::path_of(breach, subject).to_string(), breach.value.str()});
  }
  return controls;
}

// What the level still finds in an object after its patch.
std::vector<BrokenControl> left_in(const Json& patched, std::string_view level) {
  audit::FactsBuilder builder{audit::FactsOptions()};
  builder.add(patched);
  const audit::Facts facts = builder.finish();
  std::vector<BrokenControl> left;
  facts.each_subject([&](const audit::Subject& subject) { left = controls_of(subject, level); });
  return left;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Why an object cannot just be patched; empty: it can.
std::string obstacle(const Resource& object) {
  if (const auto keeper = apply::keeper_of(object)) {
    return "belongs to " + keeper->who + ": change " + keeper->change +
           ", or the patch is taken back";
  }
  if (object.kind() == "Job") {
    return "a Job's pods cannot be changed: delete it, and create it with these fields";
  }
  return {};
}

// Containers are named by number, so each is held to its name first.
Json guarded(Json steps, const Json& object) {
  Json patch = Json::array();
  std::set<std::string> tested;
  for (Json& step : steps) {
    const std::string path(model::string_at(step, {"path"}));
    const auto list = path.find("ontainers/");
    if (list != std::string::npos) {
      const auto begin = path.find('/', list) + 1;
      const std::string name = path.substr(0, path.find('/', begin)) + "/name";
      if (tested.insert(name).second) {
        patch.push_back({{"op", "test"},
                         {"path", name},
                         {"value", object.value(Json::json_pointer(name), std::string())}});
      }
    }
    patch.push_back(std::move(step));
  }
  return patch;
}

bool sets_non_root(const Json& patch) {
  return std::any_of(patch.begin(), patch.end(), [](const Json& step) {
    return step.dump().find("runAsNonRoot") != std::string::npos;
  });
}

}  // namespace

std::string WorkloadFix::command() const {
  if (patch.empty() || object.kind == "Job" || object.kind == "Pod") return {};
  return "kubectl patch " + lower(object.kind) + " " + object.name + " -n " + object.ns +
         " --type=json -p '" + model::to_json(patch) + "'";
}

std::vector<WorkloadFix> fixes_for(const std::vector<Resource>& objects, std::string_view level) {
  audit::FactsBuilder builder{audit::FactsOptions()};
  std::map<model::ObjectRef, const Resource*> by_name;
  for (const Resource& object : objects) {
    builder.add(object.json());
    by_name.emplace(object.ref(), &object);
  }
  const audit::Facts facts = builder.finish();
  std::vector<WorkloadFix> fixes;
  facts.each_subject([&](const audit::Subject& subject) {
    if (subject.finished) return;
    WorkloadFix fix;
    fix.object = subject.ref;
    fix.broken = controls_of(subject, level);
    if (fix.broken.empty()) return;
    fix.left = fix.broken;
    const auto found = by_name.find(subject.ref);
    if (found == by_name.end()) {
      // Its pods were read, and it was not.
      fix.note = "change it where " + subject.ref.to_string() + " has its pod template";
      fixes.push_back(std::move(fix));
      return;
    }
    const Resource& object = *found->second;
    fix.note = obstacle(object);
    Json patch = guarded(audit::hardening_steps(subject), object.json());
    const auto patched = model::apply_json_patch(object.json(), object.json(), patch);
    if (patched) {
      std::vector<BrokenControl> left = left_in(*patched, level);
      if (left.size() < fix.broken.size()) {
        fix.left = std::move(left);
        fix.patch = std::move(patch);
      }
    }
    if (fix.note.empty() && object.kind() == "Pod") {
      fix.note =
          "a pod that is there cannot be changed: delete it, and create it with these fields";
    }
    if (fix.note.empty() && sets_non_root(fix.patch)) {
      fix.note = "its images must run as another user than root, or runAsUser must name one";
    }
    fixes.push_back(std::move(fix));
  });
  return fixes;
}

}  // namespace kai::policy
