// The objects with which a cluster audits itself: a CronJob or Job, and an account that may
// list what the rules look at and nothing else, and to which nobody may connect. Pure functions.
#pragma once

#include <kai/audit/rule.hpp>
#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit_command {

inline constexpr std::string_view k_install_component = "kubectl-ai-audit";

struct InstallSpec {
  std::string ns;
  std::string image;
  std::string schedule;                // of a CronJob; empty: a Job that runs once
  std::vector<std::string> arguments;  // of the audit
};

// What its objects are called. An audit that runs once has names, and rights, of its own: it
// must not change those of the scheduled one beside it.
std::string install_name(const InstallSpec& spec);

// The rules of a ClusterRole: list, on exactly the kinds that these rules read.
model::Json role_rules(std::span<const audit::Rule* const> rules);

// In the order in which they are applied.
std::vector<model::Resource> install_objects(const InstallSpec& spec,
                                             std::span<const audit::Rule* const> rules);

// The kinds of all that install_objects() ever makes; `ns` is where, or empty for everywhere.
std::vector<model::ObjectRef> installed_kinds(std::string_view ns);

// Whether an object of install_objects() was made for this namespace; empty: for any.
bool is_installed_for(const model::ObjectRef& ref, std::string_view ns);

}  // namespace kai::audit_command
