#include <gtest/gtest.h>
#include <kai/model/gpu.hpp>

namespace kai::model {
namespace {

TEST(Gpu, ResourcesOfAllVendors) {
  for (const char* name :
       {"nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb",
        "nvidia.com/mig-2g.20gb.shared", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe"}) {
    EXPECT_TRUE(is_gpu_resource(name)) << name;
  }
  for (const char* name :
       {"cpu", "nvidia.com/gpumem", "nvidia.com/gpu.count", "limits.nvidia.com/gpu",
        "example.com/gpu", "gpu.intel.com/millicores", "rdma/hca", ""}) {
    EXPECT_FALSE(is_gpu_resource(name)) << name;
  }
}

TEST(Gpu, MigProfile) {
  EXPECT_EQ(mig_profile("nvidia.com/mig-1g.5gb"), "1g.5gb");
  EXPECT_EQ(mig_profile("nvidia.com/mig-3g.40gb.shared"), "3g.40gb");
  EXPECT_EQ(mig_profile("nvidia.com/gpu"), "");
}

TEST(Gpu, Evidence) {
  EXPECT_TRUE(is_gpu_evidence("nvidia.com/gpu.present", "true"));
  EXPECT_TRUE(is_gpu_evidence("nvidia.com/gpu", "true"));
  EXPECT_TRUE(is_gpu_evidence("feature.node.kubernetes.io/pci-10de.present", "true"));
  EXPECT_TRUE(is_gpu_evidence("feature.node.kubernetes.io/pci-0302_10de.present", "true"));
  EXPECT_FALSE(is_gpu_evidence("nvidia.com/gpu.present", "false"));
  EXPECT_FALSE(is_gpu_evidence("feature.node.kubernetes.io/pci-10de.present", "false"));
  EXPECT_FALSE(is_gpu_evidence("feature.node.kubernetes.io/pci-1234.present", "true"));
  EXPECT_FALSE(is_gpu_evidence("feature.node.kubernetes.io/pci-10de.sriov.capable", "true"));
  // Left behind on nodes whose GPU went away.
  EXPECT_FALSE(is_gpu_evidence("nvidia.com/gpu.deploy.driver", "true"));
}

TEST(Gpu, ShortProduct) {
  EXPECT_EQ(short_product("NVIDIA-A100-SXM4-40GB"), "A100-SXM4-40GB");
  EXPECT_EQ(short_product("Tesla-T4-SHARED"), "T4");
  EXPECT_EQ(short_product("H200"), "H200");
}

}  // namespace
}  // namespace kai::model
