// What may be called unchanged without asking the server.
#include "builders.hpp"

#include <kai/apply/already.hpp>

namespace kai::apply {
namespace {

using model::Json;
using model::Resource;
using test::json;

Resource config() {
  return Resource(json(R"({
    "apiVersion": "v1", "kind": "ResourceQuota",
    "metadata": {"name": "q", "namespace": "team", "labels": {"a.io/b": "c"}},
    "spec": {"hard": {"pods": "10"}, "scopes": ["NotTerminating"]}})"));
}

// As the server has it after we applied config(): with what others have written, too.
Json live() {
  return json(R"({
    "apiVersion": "v1", "kind": "ResourceQuota",
    "metadata": {"name": "q", "namespace": "team", "uid": "u1", "resourceVersion": "7",
      "labels": {"a.io/b": "c", "foreign": "x"},
      "managedFields": [
        {"manager": "kubectl-ai", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
         "fieldsV1": {"f:metadata": {"f:labels": {"f:a.io/b": {}}},
                      "f:spec": {"f:hard": {".": {}, "f:pods": {}}, "f:scopes": {}}}},
        {"manager": "kubectl-label", "operation": "Update", "apiVersion": "v1",
         "fieldsV1": {"f:metadata": {"f:labels": {"f:foreign": {}}}}},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
         "fieldsV1": {"f:status": {"f:hard": {}}}}]},
    "spec": {"hard": {"pods": "10"}, "scopes": ["NotTerminating"]},
    "status": {"hard": {"pods": "10"}}})");
}

// `change` is a merge patch.
Resource live_with(const char* change) {
  Json object = live();
  object.merge_patch(json(change));
  return Resource(object);
}

Resource config_with(const char* change) {
  Json object = config().json();
  object.merge_patch(json(change));
  return Resource(object);
}

Json& our_fields(Json& object) {
  return object["metadata"]["managedFields"][0]["fieldsV1"];
}

TEST(IsApplied, WhatWeAppliedAndNobodyChanged) {
  EXPECT_TRUE(is_applied(Resource(live()), config()));
  EXPECT_TRUE(is_applied(Resource(live()), config_with(R"({"metadata": {"uid": "u1"}})")));
}

TEST(IsApplied, NotWithAnotherValue) {
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"spec": {"hard": {"pods": "11"}}})")));
  EXPECT_FALSE(is_applied(live_with(R"({"spec": {"hard": {"pods": "9"}}})"), config()));
  EXPECT_FALSE(is_applied(live_with(R"({"spec": {"scopes": ["Terminating"]}})"), config()));
  // The server writes quantities its own way; it alone says whether that is the same.
  EXPECT_FALSE(
      is_applied(Resource(live()), config_with(R"({"spec": {"hard": {"pods": "10.0"}}})")));
}

TEST(IsApplied, NotWithAFieldMoreOrLess) {
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"spec": {"hard": {"cpu": "1"}}})")));
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"spec": {"scopes": null}})")));
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"metadata": {"labels": null}})")));
  EXPECT_FALSE(is_applied(live_with(R"({"spec": {"hard": {"pods": null}}})"), config()));
}

TEST(IsApplied, NotWhenTheFieldIsSomebodyElses) {
  Json object = live();
  our_fields(object)["f:spec"]["f:hard"].erase("f:pods");
  EXPECT_FALSE(is_applied(Resource(object), config()));
}

TEST(IsApplied, NotWhenAListIsMergedByKeys) {
  Json object = live();
  our_fields(object)["f:spec"]["f:scopes"] = {{"v:\"NotTerminating\"", Json::object()}};
  EXPECT_FALSE(is_applied(Resource(object), config()));
}

TEST(IsApplied, NotWithoutKnowingWhatIsOurs) {
  Json from_list = live();
  for (Json& entry : from_list["metadata"]["managedFields"]) entry.erase("fieldsV1");
  EXPECT_FALSE(is_applied(Resource(from_list), config()));
  Json without = live();
  without["metadata"].erase("managedFields");
  EXPECT_FALSE(is_applied(Resource(without), config()));
  Json updated = live();
  updated["metadata"]["managedFields"][0]["operation"] = "Update";
  EXPECT_FALSE(is_applied(Resource(updated), config()));
}

TEST(IsApplied, NotWhenItIsAnotherObject) {
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"metadata": {"uid": "u2"}})")));
  EXPECT_FALSE(is_applied(Resource(live()), config_with(R"({"metadata": {"name": "p"}})")));
}

}  // namespace
}  // namespace kai::apply
