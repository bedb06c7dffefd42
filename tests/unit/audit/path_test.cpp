#include <gtest/gtest.h>
#include <kai/audit/path.hpp>

namespace kai::audit {
namespace {

TEST(FieldPath, IsAPointerAndReadsAsKubernetesWritesIt) {
  const FieldPath path = FieldPath() / "spec" / "taints" / std::size_t{0} / "key";
  EXPECT_EQ(path.pointer(), "/spec/taints/0/key");
  EXPECT_EQ(path.to_string(), "spec.taints[0].key");
  EXPECT_EQ(path.parent().to_string(), "spec.taints[0]");
}

TEST(FieldPath, EscapesWhatAPointerCannotHold) {
  const FieldPath path = FieldPath() / "spec" / "hard" / "limits.nvidia.com/gpu~x";
  EXPECT_EQ(path.pointer(), "/spec/hard/limits.nvidia.com~1gpu~0x");
  EXPECT_EQ(path.to_string(), "spec.hard[limits.nvidia.com/gpu~x]");
}

TEST(FieldPath, TheEmptyPathIsTheObjectItself) {
  EXPECT_TRUE(FieldPath().empty());
  EXPECT_EQ(FieldPath().to_string(), "");
  EXPECT_EQ(FieldPath().parent(), FieldPath());
  EXPECT_EQ((FieldPath() / "" / "a").to_string(), "[].a");
}

TEST(FieldPath, JoinsPaths) {
  const FieldPath spec = FieldPath::from_pointer("/spec/template/spec");
  EXPECT_EQ((spec / FieldPath::from_pointer("/containers/1")).to_string(),
            "spec.template.spec.containers[1]");
}

}  // namespace
}  // namespace kai::audit
