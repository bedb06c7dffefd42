// Profile: the one file that describes a platform (kind: Platform). Every plugin reads
// its own section of it with -f.
//
// Strict: an unknown key, a wrong type, a duplicate or a missing value is an error with
// file, line and column, and the nearest known key. Sections are checked as a whole even
// if only one is used, so a typo is found by whichever plugin comes first. Pure; values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/selector.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

inline constexpr std::string_view k_profile_api_version = "kubectl-ai/v1alpha1";
inline constexpr std::string_view k_profile_kind = "Platform";

// spec.gpu. What is not set is nullopt, so that flags and defaults can fill it in.
struct GpuProfile {
  std::vector<std::string> nodes;       // by name, or …
  std::optional<std::string> selector;  // … nodes: {selector: "pool=gpu"}
  std::optional<Labels> labels;
  std::optional<std::string> taint;  // "key=value:Effect"; "none" for no taint
  std::optional<std::string> stack;  // device-plugin, operator, none
  std::optional<std::int64_t> time_slicing;
  std::optional<std::int64_t> mps;
  std::optional<std::string> mig_strategy;  // none, single, mixed
};

struct Profile {
  std::string name;
  std::optional<GpuProfile> gpu;
};

// Reads one document. Errors: invalid_input at the first problem; its message names the
// others too. `file` is for messages.
Result<Profile> parse_profile(std::string_view text, std::string_view file);

}  // namespace kai::model
