#include "request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

SetupFlags for_node() {
  SetupFlags flags;
  flags.nodes = {"gpu-a"};
  return flags;
}

std::string problem(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile = {}) {
  const auto request = make_request(flags, profile);
  return request ? "no problem" : request.error().message;
}

TEST(Request, Defaults) {
  const SetupRequest request = make_request(for_node(), {}).value();
  EXPECT_THAT(request.nodes, ElementsAre("gpu-a"));
  EXPECT_EQ(request.labels, (model::Labels{{"nvidia.com/gpu", "true"}}));
  EXPECT_EQ(request.taint->to_string(), "nvidia.com/gpu=true:NoSchedule");
  EXPECT_FALSE(request.taint_is_explicit);
  EXPECT_EQ(request.stack, StackChoice::automatic);
  EXPECT_EQ(request.sharing, Sharing{});
}

TEST(Request, ProfileFillsInAndFlagsOverride) {
  model::GpuProfile profile;
  profile.nodes = {"gpu-x", "gpu-y"};
  profile.labels = model::Labels{{"pool", "gpu"}};
  profile.taint = "pool=gpu:NoExecute";
  profile.stack = "device-plugin";
  profile.time_slicing = 4;

  const SetupRequest plain = make_request({}, profile).value();
  EXPECT_THAT(plain.nodes, ElementsAre("gpu-x", "gpu-y"));
  EXPECT_EQ(plain.labels, (model::Labels{{"pool", "gpu"}}));
  EXPECT_EQ(plain.taint->to_string(), "pool=gpu:NoExecute");
  EXPECT_TRUE(plain.taint_is_explicit);
  EXPECT_EQ(plain.stack, StackChoice::device_plugin);
  EXPECT_EQ(plain.sharing, (Sharing{SharingMode::time_slicing, 4}));

  SetupFlags flags = for_node();
  flags.labels = {"tier=a"};
  flags.taint = "none";
  flags.mps = 8;
  const SetupRequest changed = make_request(flags, profile).value();
  EXPECT_THAT(changed.nodes, ElementsAre("gpu-a"));
  EXPECT_EQ(changed.labels, (model::Labels{{"tier", "a"}}));
  EXPECT_FALSE(changed.taint);
  EXPECT_EQ(changed.sharing, (Sharing{SharingMode::mps, 8}));
}

TEST(Request, NodesAreNeeded) {
  EXPECT_EQ(problem({}), "no nodes given");
  SetupFlags detected;
  detected.detected = true;
  EXPECT_EQ(problem(detected), "no problem");
}

TEST(Request, EveryProblemIsNamedAtOnce) {
  SetupFlags flags = for_node();
  flags.labels = {"nvidia.com/gpu/x=true", "ok=has space", "novalue"};
  flags.taint = "gpu:Sometimes";
  flags.time_slicing = 1;
  flags.nodes = {"Gpu_A"};
  EXPECT_THAT(problem(flags),
              AllOf(HasSubstr("nvidia.com/gpu/x"), HasSubstr("has space"), HasSubstr("novalue"),
                    HasSubstr("gpu:Sometimes"), HasSubstr("time-slicing 1"), HasSubstr("Gpu_A")));
  EXPECT_EQ(make_request(flags, {}).error().code, ErrorCode::usage);
}

TEST(Request, SharingIsChecked) {
  SetupFlags flags = for_node();
  flags.time_slicing = 4;
  flags.mps = 4;
  EXPECT_THAT(problem(flags), HasSubstr("exclude each other"));
  flags.time_slicing.reset();
  flags.mps = 49;
  EXPECT_THAT(problem(flags), HasSubstr("2 to 48"));
  flags.mps = 2;
  flags.mig_strategy = "mixed";
  EXPECT_THAT(problem(flags), HasSubstr("MPS does not work with MIG"));
  flags.mps.reset();
  flags.mig_strategy = "some";
  EXPECT_THAT(problem(flags), HasSubstr("none, single or mixed"));
  flags.mig_strategy.clear();
  flags.time_slicing = 4;
  flags.stack = "operator";
  EXPECT_THAT(problem(flags), HasSubstr("its own configuration"));
  flags.stack = "helm";
  EXPECT_THAT(problem(flags), HasSubstr("stack \"helm\""));
}

TEST(Request, RepeatedLabels) {
  SetupFlags flags = for_node();
  flags.labels = {"a=1", "a=1"};
  EXPECT_EQ(problem(flags), "no problem");
  flags.labels = {"a=1", "a=2"};
  EXPECT_THAT(problem(flags), HasSubstr("given twice"));
}

}  // namespace
}  // namespace kai::gpu
