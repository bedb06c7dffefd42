// What `gpu setup` is asked for: the profile's section, overridden by flags, checked as
// a whole before anything is read or written. Pure; values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/profile.hpp>
#include <kai/model/selector.hpp>
#include <kai/model/taint.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kai::gpu {

// As the command line has it; what is not given stays empty.
struct SetupFlags {
  std::vector<std::string> nodes;
  std::string selector;
  bool detected = false;
  std::string stack;                // device-plugin, operator, none
  std::vector<std::string> labels;  // "key=value"
  std::string taint;                // "key=value:Effect", or "none"
  std::optional<std::int64_t> time_slicing;
  std::optional<std::int64_t> mps;
  std::string mig_strategy;
};

enum class StackChoice { automatic, device_plugin, gpu_operator, none };

enum class SharingMode { none, time_slicing, mps };

struct Sharing {
  SharingMode mode = SharingMode::none;
  int replicas = 1;
  bool operator==(const Sharing&) const = default;
};

struct SetupRequest {
  std::vector<std::string> nodes;
  std::optional<model::LabelSelector> selector;
  bool detected = false;

  model::Labels labels;
  std::optional<model::Taint> taint;
  // The taint was asked for; otherwise another value of the same key and effect will do.
  bool taint_is_explicit = false;

  StackChoice stack = StackChoice::automatic;
  Sharing sharing;
  std::string mig_strategy = "none";

  [[nodiscard]] bool selects_nodes() const { return !nodes.empty() || selector || detected; }
};

// Errors: usage, naming every problem at once.
Result<SetupRequest> make_request(const SetupFlags& flags,
                                  const std::optional<model::GpuProfile>& profile);

}  // namespace kai::gpu
