#include <gtest/gtest.h>
#include <kai/model/resource.hpp>

namespace kai::model {
namespace {

TEST(Resource, ReadsItsMetadata) {
  const Resource pod(Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{
      "name":"trainer","namespace":"ai-projects","uid":"u-1","resourceVersion":"9",
      "labels":{"app":"train","odd":5},"annotations":{"note":""}}})"));
  EXPECT_EQ(pod.ref(), (ObjectRef{"v1", "Pod", "ai-projects", "trainer"}));
  EXPECT_EQ(pod.ref().to_string(), "Pod ai-projects/trainer");
  EXPECT_EQ(pod.uid(), "u-1");
  EXPECT_EQ(pod.resource_version(), "9");
  EXPECT_EQ(pod.label("app"), "train");
  EXPECT_EQ(pod.label("odd"), std::nullopt);
  EXPECT_EQ(pod.label("missing"), std::nullopt);
  EXPECT_EQ(pod.annotation("note"), "");
  EXPECT_EQ(pod.labels().size(), 1U);
}

TEST(Resource, IsCalmAboutMalformedObjects) {
  for (const char* const text :
       {"null", "[]", "5", R"({"metadata":[]})", R"({"metadata":{"labels":7}})",
        R"({"kind":{},"metadata":{"name":1}})"}) {
    const Resource resource(Json::parse(text));
    EXPECT_EQ(resource.name(), "") << text;
    EXPECT_EQ(resource.kind(), "") << text;
    EXPECT_TRUE(resource.labels().empty()) << text;
    EXPECT_EQ(resource.label("a"), std::nullopt) << text;
  }
}

TEST(Resource, SplitsApiVersions) {
  EXPECT_EQ(Resource::group_of("v1"), "");
  EXPECT_EQ(Resource::version_of("v1"), "v1");
  EXPECT_EQ(Resource::group_of("apps/v1"), "apps");
  EXPECT_EQ(Resource::version_of("apps/v1"), "v1");
  EXPECT_EQ(Resource::group_of(""), "");
}

TEST(ObjectRef, ClusterScopedObjectsHaveNoNamespace) {
  EXPECT_EQ((ObjectRef{"v1", "Node", "", "gpu-a"}.to_string()), "Node gpu-a");
  EXPECT_EQ(
      (ObjectRef{"kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", "", ""}.to_string()),
      "KubeletConfiguration");
}

}  // namespace
}  // namespace kai::model
