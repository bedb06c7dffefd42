// Names of the GPU world: extended resources, node labels, taints, images.
// Pure functions and constants; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace kai::model {

inline constexpr std::string_view k_nvidia_gpu = "nvidia.com/gpu";
inline constexpr std::string_view k_label_gpu_present = "nvidia.com/gpu.present";
inline constexpr std::string_view k_label_gpu_product = "nvidia.com/gpu.product";
inline constexpr std::string_view k_label_gpu_count = "nvidia.com/gpu.count";
inline constexpr std::string_view k_label_gpu_replicas = "nvidia.com/gpu.replicas";
inline constexpr std::string_view k_label_sharing_strategy = "nvidia.com/gpu.sharing-strategy";
inline constexpr std::string_view k_label_driver = "nvidia.com/cuda.driver-version.full";
inline constexpr std::string_view k_label_mig_strategy = "nvidia.com/mig.strategy";
inline constexpr std::string_view k_label_mig_config = "nvidia.com/mig.config";
inline constexpr std::string_view k_label_mig_state = "nvidia.com/mig.config.state";
inline constexpr std::string_view k_label_nfd_nvidia =
    "feature.node.kubernetes.io/pci-10de.present";

// A resource that a node advertises for GPUs of any vendor: nvidia.com/gpu (also
// .shared), nvidia.com/mig-*, amd.com/gpu, gpu.intel.com/{i915,xe}.
bool is_gpu_resource(std::string_view resource);

// nvidia.com/mig-1g.5gb (also .shared) and its profile, "1g.5gb"; empty otherwise.
bool is_mig_resource(std::string_view resource);
std::string_view mig_profile(std::string_view resource);

// A node label by which NFD, GPU feature discovery or a person says that GPUs are in
// the node: `value` counts, since "false" says the opposite.
bool is_gpu_evidence(std::string_view label, std::string_view value);

// "A100-SXM4-40GB" from "NVIDIA-A100-SXM4-40GB-SHARED": the product label without the
// vendor and without GPU feature discovery's mark for shared GPUs.
std::string short_product(std::string_view product);

}  // namespace kai::model
