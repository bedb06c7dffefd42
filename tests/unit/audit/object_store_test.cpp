#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/object_store.hpp>
#include <kai/audit/source/reduce.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <tuple>

#include "builders.hpp"

namespace kai::audit {
namespace {

using model::Json;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view k_replica = R"(
apiVersion: v1
kind: Pod
metadata:
  name: NAME
  namespace: ml
  uid: uid-of-NAME
  resourceVersion: "VERSION"
  creationTimestamp: "2026-05-04T10:11:12Z"
  labels: {app: trainer}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: trainer-1, uid: u, controller: true}]
  managedFields: [{manager: kubelet, apiVersion: v1, subresource: status, time: "2026-05-04T10:11:VERSIONZ"}]
spec:
  nodeName: node-of-NAME
  hostname: NAME
  containers:
  - name: main
    image: train
    env: [{name: PASSWORD, value: hunter2}, {name: NVIDIA_VISIBLE_DEVICES, value: all}]
    volumeMounts: [{name: kube-api-access-NAME, mountPath: /var/run/secrets}]
  volumes: [{name: kube-api-access-NAME, projected: {}}]
status:
  phase: Running
  podIP: 10.0.0.VERSION
  conditions: [{type: Ready, status: "True", lastTransitionTime: "2026-05-04T10:11:VERSIONZ"}]
  containerStatuses: [{name: main, restartCount: 0, containerID: "containerd://NAME", state: {running: {startedAt: "2026-05-04T10:11:VERSIONZ"}}}]
)";

Json replica(const std::string& name, const std::string& version = "13") {
  std::string text(k_replica);
  for (const auto& [word, value] :
       {std::pair<std::string, std::string>{"NAME", name}, {"VERSION", version}}) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
      text.replace(at, word.size(), value);
    }
  }
  return test::documents(text).front();
}

Facts facts_of(const ObjectStore& store) {
  FactsOptions options;
  options.view = Facts::View::cluster;
  FactsBuilder builder(options);
  store.add_to(builder);
  return builder.finish();
}

TEST(ObjectStore, ReplicasShareOneForm) {
  ObjectStore store;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(store.put(Kind::pod, replica("a" + std::to_string(i))));
  EXPECT_EQ(store.size(), 100U);
  EXPECT_LT(store.forms(), 102U);  // one, and the names of a hundred nodes
  const Facts facts = facts_of(store);
  ASSERT_EQ(facts.pods.size(), 100U);
  EXPECT_EQ(facts.templates.size(), 1U);
  EXPECT_EQ(facts.pod("ml", "a7")->node, std::string_view("node-of-a7"));
  EXPECT_EQ(facts.pod("ml", "a7")->created, 1777889472);
  EXPECT_TRUE(facts.pod("ml", "a7")->ready);
}

TEST(ObjectStore, SaysWhatIsNewToRules) {
  ObjectStore store;
  EXPECT_TRUE(store.put(Kind::pod, replica("a")));
  EXPECT_FALSE(store.put(Kind::pod, replica("a", "14")));  // addresses, times and versions
  Json failed = replica("a");
  failed["status"]["phase"] = "Failed";
  EXPECT_TRUE(store.put(Kind::pod, Json(failed)));
  EXPECT_EQ(facts_of(store).pods.front().phase, Phase::failed);
  failed["spec"]["nodeName"] = "elsewhere";
  EXPECT_TRUE(store.put(Kind::pod, Json(failed)));
  EXPECT_EQ(store.size(), 1U);
  EXPECT_EQ(store.forms(), 2U);  // nothing of the earlier ones
}

TEST(ObjectStore, RemovesOneAndLeavesOthers) {
  ObjectStore store;
  store.put(Kind::pod, replica("a"));
  store.put(Kind::pod, replica("b"));
  EXPECT_FALSE(store.remove(Kind::pod, "other", "a"));
  EXPECT_TRUE(store.remove(Kind::pod, "ml", "a"));
  EXPECT_FALSE(store.remove(Kind::pod, "ml", "a"));
  EXPECT_EQ(facts_of(store).pods.front().name, std::string_view("b"));
  EXPECT_TRUE(store.clear(Kind::pod));
  EXPECT_FALSE(store.clear(Kind::pod));
  EXPECT_EQ(store.forms(), 0U);
}

TEST(ObjectStore, AListRemovesWhatIsNotInIt) {
  ObjectStore store;
  store.put(Kind::pod, replica("a"));
  store.put(Kind::pod, replica("b"));
  store.begin_list(Kind::pod);  // one that breaks off
  store.put(Kind::pod, replica("b"));
  EXPECT_EQ(store.size(), 2U);
  store.begin_list(Kind::pod);
  store.put(Kind::pod, replica("b"));
  store.put(Kind::pod, replica("c"));
  EXPECT_TRUE(store.end_list(Kind::pod));
  EXPECT_EQ(store.size(), 2U);
  EXPECT_EQ(facts_of(store).pod("ml", "a"), nullptr);
  EXPECT_FALSE(store.end_list(Kind::pod));
}

TEST(Reduce, KeepsNoSecrets) {
  Json pod = replica("a");
  pod["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "hunter2";
  reduce(Kind::pod, pod);
  EXPECT_THAT(pod.dump(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(pod["spec"]["containers"][0]["env"][1]["value"], "all");
}

TEST(Reduce, AHeartbeatIsNoChange) {
  Json node = {
      {"metadata", {{"name", "a"}}},
      {"status",
       {{"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", "then"}}}},
        {"images", {{{"sizeBytes", 1}}}}}}};
  Json later = node;
  later["status"]["conditions"][0]["lastHeartbeatTime"] = "now";
  later["metadata"]["resourceVersion"] = "2";
  reduce(Kind::node, node);
  reduce(Kind::node, later);
  EXPECT_EQ(node, later);
  EXPECT_FALSE(node["status"].contains("images"));
}

// Everything that the golden cases have of kinds that are read live.
using Objects = std::map<std::tuple<Kind, std::string, std::string>, Json>;

void collect(Json&& object, Objects& objects) {
  const auto items = object.find("items");
  if (items != object.end() && items->is_array()) {
    for (Json& item : *items) collect(std::move(item), objects);
    return;
  }
  const auto kind =
      kind_of(model::string_at(object, {"apiVersion"}), model::string_at(object, {"kind"}));
  const std::string name(model::string_at(object, {"metadata", "name"}));
  // A server serves each kind in the version that was asked for.
  if (!kind || name.empty() || model::string_at(object, {"apiVersion"}) != info(*kind).api_version)
    return;
  std::string ns(model::string_at(object, {"metadata", "namespace"}));
  objects.insert_or_assign({*kind, std::move(ns), name}, std::move(object));
}

std::vector<std::string> findings_of(const Facts& facts) {
  std::vector<std::string> texts;
  const Report report = run_rules(facts, all_rules(), {});
  for (const Finding& finding : report.findings) {
    texts.push_back(std::string(finding.rule->id) + " " + finding.fingerprint + " " +
                    finding.object.to_string() + " " + finding.path.pointer() + " " +
                    finding.observed + " " + finding.expected + " " + finding.full_message() +
                    (finding.patch ? finding.patch->body.dump() : ""));
  }
  texts.push_back(std::to_string(report.objects) + " objects, " +
                  std::to_string(report.summary.gpus.allocated) + " GPUs");
  return texts;
}

TEST(ObjectStore, FactsAreThoseOfTheObjectsThemselves) {
  std::size_t found = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(KAI_GOLDEN_AUDIT)) {
    if (file.path().extension() != ".yaml") continue;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    Objects objects;
    const auto read = model::parse_yaml_stream(
        text.str(), {}, [&](Result<model::YamlDocument>&& document) -> Result<> {
          if (document) collect(std::move(document->value), objects);
          return {};
        });
    if (!read) continue;
    FactsOptions options;
    options.view = Facts::View::cluster;
    options.now = 1'780'000'000;
    FactsBuilder direct(options);
    FactsBuilder kept(options);
    for (const KindInfo& kind : all_kinds()) {
      direct.set_complete(kind.kind);
      kept.set_complete(kind.kind);
    }
    ObjectStore store;
    for (auto& [key, object] : objects) {
      const KindInfo& about = info(std::get<Kind>(key));
      direct.add(object, about.api_version, about.name);
      store.put(about.kind, std::move(object));
    }
    store.add_to(kept);
    const auto want = findings_of(direct.finish());
    EXPECT_EQ(findings_of(kept.finish()), want) << file.path();
    found += want.size() - 1;
  }
  EXPECT_GT(found, 500U);
}

}  // namespace
}  // namespace kai::audit
