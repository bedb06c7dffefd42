// What a run writes, in which order, and what it says when it could not.
#include "builders.hpp"

#include <kai/apply/applier.hpp>

#include <algorithm>

namespace kai::apply {
namespace {

using http::Method;
using kai::test::status_body;
using model::Json;
using model::Resource;
using test::config_map;
using test::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string k_maps = "/api/v1/namespaces/team/configmaps/";

Plan plan_of(std::vector<std::pair<Step, Action>> steps) {
  Plan plan;
  for (auto& [step, action] : steps) {
    Change change;
    change.ref = ref_of(step);
    change.action = action;
    plan.set.changes.push_back(std::move(change));
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

Step apply_step(Resource config) {
  return {ApplyConfig{std::move(config), {}}, {}};
}

Resource cluster_object(std::string_view api_version, std::string_view kind,
                        std::string_view name) {
  return Resource(
      Json{{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}}}});
}

class Running : public test::ClusterTest {
 protected:
  Applied run(const Plan& plan) {
    return Applier(m_client, m_outside.context.cancel, m_options).run(plan);
  }

  static std::vector<Outcome> outcomes(const Applied& applied) {
    std::vector<Outcome> outcomes;
    for (const Change& change : applied.set.changes) outcomes.push_back(change.outcome);
    return outcomes;
  }

  ApplierOptions m_options;
};

TEST_F(Running, WritesWhatDiffersAndNothingElse) {
  on(Method::patch, k_maps + "b").reply(200, config_map("b").json().dump());
  const Applied applied = run(plan_of({{apply_step(config_map("a")), Action::unchanged},
                                       {apply_step(config_map("b")), Action::configure}}));
  EXPECT_FALSE(applied.error.has_value());
  EXPECT_THAT(writes(), ElementsAre("PATCH " + k_maps + "b"));
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::planned, Outcome::done));
  EXPECT_FALSE(applied.set.pending());
}

TEST_F(Running, StagesComeInOrderAndRemovalsLastTheOtherWayRound) {
  const Resource space = cluster_object("v1", "Namespace", "team");
  const Resource nvidia = cluster_object("node.k8s.io/v1", "RuntimeClass", "nvidia");
  const Resource old_class = cluster_object("node.k8s.io/v1", "RuntimeClass", "old");
  const Resource old_space = cluster_object("v1", "Namespace", "old");
  on(Method::patch, "/api/v1/namespaces/team").reply(200, space.json().dump());
  on(Method::patch, "/apis/node.k8s.io/v1/runtimeclasses/nvidia").reply(200, nvidia.json().dump());
  on(Method::patch, k_maps + "a").reply(200, config_map("a").json().dump());
  on(Method::del, k_maps + "b").reply(200, "{}");
  on(Method::del, "/apis/node.k8s.io/v1/runtimeclasses/old").reply(200, "{}");
  on(Method::del, "/api/v1/namespaces/old").reply(200, "{}");
  std::vector<std::pair<Stage, std::size_t>> gates;
  m_options.gate = [&](Stage stage, std::span<const Change> written) -> Result<> {
    gates.emplace_back(stage, written.size());
    return {};
  };
  const Applied applied = run(plan_of({{{Remove{old_space.ref(), "u"}, {}}, Action::remove},
                                       {{Remove{old_class.ref(), "u"}, {}}, Action::remove},
                                       {{Remove{config_map("b").ref(), "u"}, {}}, Action::remove},
                                       {apply_step(config_map("a")), Action::create},
                                       {apply_step(nvidia), Action::create},
                                       {apply_step(space), Action::create}}));
  EXPECT_FALSE(applied.error.has_value());
  EXPECT_THAT(writes(), ElementsAre("PATCH /api/v1/namespaces/team",
                                    "PATCH /apis/node.k8s.io/v1/runtimeclasses/nvidia",
                                    "PATCH " + k_maps + "a", "DELETE " + k_maps + "b",
                                    "DELETE /apis/node.k8s.io/v1/runtimeclasses/old",
                                    "DELETE /api/v1/namespaces/old"));
  EXPECT_THAT(gates, ElementsAre(std::pair(Stage::definitions, 1U), std::pair(Stage::classes, 1U),
                                 std::pair(Stage::rest, 1U)));
}

TEST_F(Running, AGateThatFailsStopsTheRun) {
  const Resource space = cluster_object("v1", "Namespace", "team");
  on(Method::patch, "/api/v1/namespaces/team").reply(200, space.json().dump());
  m_options.gate = [](Stage, std::span<const Change>) -> Result<> {
    return fail(ErrorCode::timed_out, "not established");
  };
  const Applied applied = run(plan_of(
      {{apply_step(space), Action::create}, {apply_step(config_map("a")), Action::create}}));
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->message, "not established");
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::done, Outcome::skipped));
}

TEST_F(Running, ConflictsAreRefusedBeforeAnythingIsWritten) {
  Plan plan = plan_of({{apply_step(config_map("a")), Action::configure},
                       {apply_step(config_map("b")), Action::create}});
  plan.set.changes[0].conflicts = {{"helm", ".data.key"}};
  const Applied applied = run(plan);
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->code, ErrorCode::conflict);
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::skipped, Outcome::skipped));
  EXPECT_THAT(m_fake.requests(), IsEmpty());
}

TEST_F(Running, ForceTakesConflictsOver) {
  on(Method::patch, k_maps + "a").reply(200, config_map("a").json().dump());
  Plan plan = plan_of({{apply_step(config_map("a")), Action::configure}});
  plan.set.changes[0].conflicts = {{"helm", ".data.key"}};
  m_options.force = kube::Force::yes;
  EXPECT_FALSE(run(plan).error.has_value());
  EXPECT_THAT(m_fake.requests().back().url, HasSubstr("force=true"));
}

TEST_F(Running, DryRunsStoreNothing) {
  on(Method::patch, k_maps + "a").reply(200, config_map("a").json().dump());
  const Plan plan = plan_of({{apply_step(config_map("a")), Action::create}});
  m_options.dry_run = DryRun::client;
  EXPECT_FALSE(run(plan).error.has_value());
  EXPECT_THAT(m_fake.requests(), IsEmpty());
  m_options.dry_run = DryRun::server;
  EXPECT_FALSE(run(plan).error.has_value());
  EXPECT_THAT(m_fake.requests().back().url, HasSubstr("dryRun=All"));
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(Running, ARejectedObjectDoesNotStopTheOthers) {
  on(Method::patch, k_maps + "a").reply(422, status_body(422, "Invalid", "no"));
  on(Method::patch, k_maps + "b").reply(200, config_map("b").json().dump());
  std::vector<std::string> told;
  m_options.progress = [&](const Change& change) {
    told.push_back(change.ref.name + " " + std::string(to_string(change.outcome)));
  };
  const Applied applied = run(plan_of({{apply_step(config_map("a")), Action::create},
                                       {apply_step(config_map("b")), Action::create}}));
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->code, ErrorCode::invalid_object);
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::failed, Outcome::done));
  ASSERT_TRUE(applied.set.changes[0].error.has_value());
  EXPECT_THAT(told, UnorderedElementsAre("a failed", "b done"));
}

TEST_F(Running, ALostServerStopsTheRunAndSaysWhatIsOpen) {
  const Resource space = cluster_object("v1", "Namespace", "team");
  on(Method::patch, "/api/v1/namespaces/team").fail(ErrorCode::disconnected);
  const Applied applied = run(plan_of(
      {{apply_step(space), Action::create}, {apply_step(config_map("a")), Action::create}}));
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->code, ErrorCode::disconnected);
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::unknown, Outcome::skipped));
  EXPECT_TRUE(applied.set.pending());
}

TEST_F(Running, ARefusedConnectionLeavesNothingOpen) {
  on(Method::patch, k_maps + "a").fail(ErrorCode::unreachable);
  EXPECT_THAT(outcomes(run(plan_of({{apply_step(config_map("a")), Action::create}}))),
              ElementsAre(Outcome::failed));
}

TEST_F(Running, AfterACancelTheRestIsSkipped) {
  const Resource space = cluster_object("v1", "Namespace", "team");
  on(Method::patch, "/api/v1/namespaces/team").compute([&](const http::Request&) {
    m_outside.context.cancel.request(2);
    http::Response response;
    response.status = 200;
    response.body = space.json().dump();
    return Result<http::Response>(response);
  });
  const Applied applied = run(plan_of(
      {{apply_step(space), Action::create}, {apply_step(config_map("a")), Action::create}}));
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->code, ErrorCode::cancelled);
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::done, Outcome::skipped));
}

TEST_F(Running, StepsForOneObjectBuildOnEachOther) {
  on(Method::patch, k_maps + "a").reply(422, status_body(422, "Invalid", "no"));
  const Applied applied = run(plan_of({{apply_step(config_map("a", "1")), Action::configure},
                                       {apply_step(config_map("a", "2")), Action::configure}}));
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::failed, Outcome::skipped));
  EXPECT_EQ(writes().size(), 1U);
}

TEST_F(Running, ARemovalOfAnObjectThatWasReplacedIsDone) {
  on(Method::del, k_maps + "a").reply(409, status_body(409, "Conflict", "uid mismatch"));
  EXPECT_THAT(outcomes(run(plan_of({{{Remove{config_map("a").ref(), "u1"}, {}}, Action::remove}}))),
              ElementsAre(Outcome::done));
  EXPECT_THAT(m_fake.requests().back().body, HasSubstr(R"("uid":"u1")"));
}

// --- guarded edits

// A ConfigMap that keeps its version as the API server does.
class StoredMap {
 public:
  [[nodiscard]] Result<http::Response> get() const {
    http::Response response;
    response.status = 200;
    response.body = m_object.dump();
    return response;
  }

  Result<http::Response> patch(const http::Request& request) {
    http::Response response;
    response.status = 200;
    Json patch = json(request.body);
    if (patch["metadata"].value("resourceVersion", "") != m_object["metadata"]["resourceVersion"]) {
      response.status = 409;
      response.body = status_body(409, "Conflict", "the object has been modified");
      return response;
    }
    m_object.merge_patch(patch);
    set_version();
    response.body = m_object.dump();
    return response;
  }

  void write(const std::string& key, const std::string& value) {
    m_object["data"][key] = value;
    set_version();
  }

  [[nodiscard]] const Json& data() const { return m_object.at("data"); }

 private:
  void set_version() { m_object["metadata"]["resourceVersion"] = std::to_string(++m_version); }

  int m_version = 1;
  Json m_object = json(R"({"apiVersion": "v1", "kind": "ConfigMap", "data": {},
                           "metadata": {"name": "a", "namespace": "team", "resourceVersion": "1"}})");
};

// Adds "ours" to a list in one field, which others write as well.
Result<std::optional<Json>> add_ours(const Resource& map) {
  const std::string list(model::string_at(map.json(), {"data", "list"}));
  if (list.find("ours") != std::string::npos) return std::nullopt;
  return Json{{"data", {{"list", list + "ours,"}}}};
}

class Editing : public Running {
 protected:
  Editing() {
    on(Method::get, k_maps + "a").compute([this](const http::Request&) { return m_map.get(); });
  }

  Plan edit_plan() {
    return plan_of(
        {{{GuardedEdit{{"v1", "ConfigMap", "team", "a"}, add_ours, {}}, {}}, Action::configure}});
  }

  StoredMap m_map;
};

TEST_F(Editing, ThePatchCarriesTheVersionItWasMadeFor) {
  on(Method::patch, k_maps + "a").compute([this](const http::Request& request) {
    return m_map.patch(request);
  });
  EXPECT_FALSE(run(edit_plan()).error.has_value());
  EXPECT_EQ(m_map.data()["list"], "ours,");
  EXPECT_THAT(m_fake.requests().back().body, HasSubstr(R"("resourceVersion":"1")"));
}

TEST_F(Editing, AConcurrentWriterLosesNothing) {
  int raced = 0;
  on(Method::patch, k_maps + "a").compute([&](const http::Request& request) {
    // Someone is faster, five times over.
    if (raced < 5) {
      const std::string before = m_map.data().value("list", "");
      m_map.write("list", before + "theirs-" + std::to_string(raced++) + ",");
    }
    return m_map.patch(request);
  });
  const Applied applied = run(edit_plan());
  EXPECT_FALSE(applied.error.has_value());
  EXPECT_EQ(m_map.data()["list"], "theirs-0,theirs-1,theirs-2,theirs-3,theirs-4,ours,");
}

TEST_F(Editing, AnAnswerThatGotLostIsNotWrittenTwice) {
  int calls = 0;
  on(Method::patch, k_maps + "a")
      .compute([&](const http::Request& request) -> Result<http::Response> {
        auto done = m_map.patch(request);
        if (++calls == 1) return fail(ErrorCode::disconnected, "reset by peer");
        return done;
      });
  const Applied applied = run(edit_plan());
  EXPECT_FALSE(applied.error.has_value());
  EXPECT_EQ(m_map.data()["list"], "ours,");
  EXPECT_EQ(calls, 1);
}

TEST_F(Editing, ARequestThatNeverArrivedIsMadeAgain) {
  int calls = 0;
  on(Method::patch, k_maps + "a")
      .compute([&](const http::Request& request) -> Result<http::Response> {
        if (++calls <= 3) return fail(ErrorCode::disconnected, "reset by peer");
        return m_map.patch(request);
      });
  EXPECT_FALSE(run(edit_plan()).error.has_value());
  EXPECT_EQ(m_map.data()["list"], "ours,");
}

TEST_F(Editing, AServerThatLosesEveryAnswerEndsTheRun) {
  on(Method::patch, k_maps + "a").fail(ErrorCode::disconnected);
  const Applied applied = run(edit_plan());
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_EQ(applied.error->code, ErrorCode::disconnected);
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::unknown));
}

TEST_F(Editing, AnObjectThatIsGoneIsAFailureOfItsOwn) {
  on(Method::get, k_maps + "a").clear().reply(404, status_body(404, "NotFound", "not found"));
  const Applied applied = run(edit_plan());
  ASSERT_TRUE(applied.error.has_value());
  EXPECT_THAT(applied.error->message, HasSubstr("ConfigMap team/a does not exist any more"));
  EXPECT_THAT(outcomes(applied), ElementsAre(Outcome::failed));
}

// --- settling what a lost answer left open

class Settling : public Editing {
 protected:
  Outcome settled(const Plan& plan) {
    ChangeSet set = plan.set;
    set.changes[0].outcome = Outcome::unknown;
    Applier::settle(m_client, plan, set);
    return set.changes[0].outcome;
  }
};

TEST_F(Settling, WhatIsThereWasDone) {
  m_map.write("list", "ours,");
  EXPECT_EQ(settled(edit_plan()), Outcome::done);
}

TEST_F(Settling, WhatIsNotThereWasNotDone) {
  on(Method::patch, k_maps + "a").compute([this](const http::Request&) { return m_map.get(); });
  EXPECT_EQ(settled(edit_plan()), Outcome::skipped);
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(Settling, WhatCannotBeReadStaysOpen) {
  on(Method::get, k_maps + "a").clear().fail(ErrorCode::unreachable);
  EXPECT_EQ(settled(edit_plan()), Outcome::unknown);
}

TEST_F(Settling, ARemovedObjectIsGone) {
  on(Method::get, k_maps + "a").clear().reply(404, status_body(404, "NotFound", "not found"));
  EXPECT_EQ(settled(plan_of({{{Remove{config_map("a").ref(), "u1"}, {}}, Action::remove}})),
            Outcome::done);
}

}  // namespace
}  // namespace kai::apply
