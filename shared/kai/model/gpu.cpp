#include <kai/model/gpu.hpp>

#include <array>

namespace kai::model {

namespace {
constexpr std::string_view k_mig_prefix = "nvidia.com/mig-";
constexpr std::string_view k_shared = ".shared";
}  // namespace

bool is_gpu_resource(std::string_view resource) {
  static constexpr std::array k_names = {
      std::string_view("nvidia.com/gpu"),   std::string_view("nvidia.com/gpu.shared"),
      std::string_view("amd.com/gpu"),      std::string_view("gpu.intel.com/i915"),
      std::string_view("gpu.intel.com/xe"),
  };
  for (const std::string_view name : k_names) {
    if (resource == name) return true;
  }
  return is_mig_resource(resource);
}

bool is_mig_resource(std::string_view resource) {
  return resource.starts_with(k_mig_prefix);
}

std::string_view mig_profile(std::string_view resource) {
  if (!is_mig_resource(resource)) return {};
  resource.remove_prefix(k_mig_prefix.size());
  if (resource.ends_with(k_shared)) resource.remove_suffix(k_shared.size());
  return resource;
}

bool is_gpu_evidence(std::string_view label, std::string_view value) {
  if (value == "false") return false;
  if (label == k_label_gpu_present || label == k_nvidia_gpu) return true;
  // NFD names PCI devices by vendor alone or by class and vendor, as it is configured.
  constexpr std::string_view prefix = "feature.node.kubernetes.io/pci-";
  if (!label.starts_with(prefix) || !label.ends_with(".present")) return false;
  label.remove_prefix(prefix.size());
  return label.starts_with("10de.") || label.starts_with("0300_10de.") ||
         label.starts_with("0302_10de.");
}

std::string short_product(std::string_view product) {
  for (const std::string_view prefix : {"NVIDIA-", "Tesla-", "GeForce-"}) {
    if (product.starts_with(prefix)) product.remove_prefix(prefix.size());
  }
  constexpr std::string_view shared = "-SHARED";
  if (product.ends_with(shared)) product.remove_suffix(shared.size());
  return std::string(product);
}

}  // namespace kai::model
