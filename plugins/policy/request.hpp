// What is asked for: the profile's namespaces, overridden by flags, checked as a whole before
// anything is read or written. Pure; values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/profile.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::policy {

// As the command line has it; what is not given stays empty.
struct PolicyFlags {
  std::string ns;  // -n
  std::string pod_security;
  std::string pod_security_version;
  std::string isolate;  // both, ingress
  bool dns = false;
  bool api_server = false;
  std::vector<std::string> allow_from;  // "monitoring", "web:8080,metrics", "10.0.0.0/8:443"
  std::vector<std::string> allow_to;
  std::vector<std::string> roles;  // "ai-researcher=group:researchers"
  bool force = false;

  [[nodiscard]] bool asks_for_network() const {
    return !isolate.empty() || dns || api_server || !allow_from.empty() || !allow_to.empty();
  }
  [[nodiscard]] bool asks() const {
    return !pod_security.empty() || !pod_security_version.empty() || asks_for_network() ||
           !roles.empty();
  }
};

// What one namespace shall have.
struct Wanted {
  std::string ns;
  std::optional<model::PodSecurityProfile> pod_security;
  std::optional<model::NetworkProfile> network;
  std::vector<model::RoleProfile> roles;
  // The profile describes all that there shall be: what is ours beside it goes.
  bool complete = false;

  [[nodiscard]] bool isolates() const {
    return network && network->isolate != model::Isolation::none;
  }
};

struct Request {
  std::vector<Wanted> namespaces;
  std::vector<std::string> notes;

  [[nodiscard]] const Wanted* find(std::string_view ns) const;
  [[nodiscard]] bool wants_pod_security() const;
  [[nodiscard]] bool isolates() const;
};

// Errors: usage, invalid_input; all problems of the flags and the namespaces in one.
Result<Request> make_request(const PolicyFlags& flags, const model::Profile* profile);

}  // namespace kai::policy
