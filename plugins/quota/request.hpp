// What quotas are asked for: the profile's namespaces, overridden by flags, checked as a
// whole before anything is read or written. Pure; values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/profile.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kai::quota {

// As the command line has it; what is not given stays empty.
struct QuotaFlags {
  std::string ns;  // -n
  std::string gpus;
  std::vector<std::string> hard;      // "requests.cpu=20"
  std::vector<std::string> defaults;  // "cpu=500m": request and limit of containers without
};

// What one namespace shall have.
struct Wanted {
  std::string ns;
  // By the quota's PriorityClass; "" is the one that counts every pod.
  std::map<std::string, model::ResourceAmounts, std::less<>> quotas;
  std::optional<model::ContainerDefaults> defaults;
  // The profile describes all that there shall be: quotas of ours beside these go.
  bool complete = false;
};

struct Request {
  std::vector<Wanted> namespaces;
  std::vector<std::string> notes;  // what was rewritten, and why
};

// Errors: usage, invalid_input; all problems of the flags in one.
Result<Request> make_request(const QuotaFlags& flags, const model::Profile* profile);

}  // namespace kai::quota
