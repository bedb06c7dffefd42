// From steps to what is shown and written, over a scripted server.
#include "unit/apply/builders.hpp"

#include <kai/cli/plan_steps.hpp>

#include <sstream>

namespace kai::cli {
namespace {

using apply::test::config_map;
using http::Method;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string k_map = "/api/v1/namespaces/team/configmaps/a";

constexpr output::ImpactKind k_cut{"cut", output::Style::bad, "pod", "would be cut off"};

PlanContext context_with_everything() {
  PlanContext context;
  context.title = "In use now";
  context.section = "  cpu  3 of 4\n";
  context.document["use"] = model::Json::array({"cpu"});
  context.impacts.push_back({&k_cut, {"v1", "Pod", "team", "web"}, "no port"});
  context.notes = {"a note that is longer than a narrow terminal"};
  return context;
}

class PlanSteps : public apply::test::ClusterTest {
 protected:
  Result<ExitCode> write(const WriteOptions& options, Output output = Output::table,
                         PlanContext context = {}) {
    Screen screen(m_out, m_err, Redraw::no, 0);
    Context desk{m_in, screen.out(), screen.err()};
    const CommonFlags flags;
    Session session(desk, flags, screen, [this](const auto&, const auto&) {
      return Result<std::shared_ptr<kube::Client>>(
          std::shared_ptr<kube::Client>(&m_client, [](kube::Client*) {}));
    });
    return plan_and_write(session,
                          {{apply::ApplyConfig{config_map("a", "2"), config_map("a")}, {}}},
                          tell("TestPlan", std::move(context)), options, output);
  }

  std::istringstream m_in;
  std::ostringstream m_out;
  std::ostringstream m_err;
};

TEST(Tell, PartsThatAreEmptyAreLeftOut) {
  const PlanTold told = tell("TestPlan", {});
  EXPECT_EQ(told.kind, "TestPlan");
  EXPECT_EQ(told.text({}, output::Palette(), 80), "");
}

TEST(Tell, SectionImpactAndNotesInThisOrder) {
  const PlanTold told = tell("TestPlan", context_with_everything());
  EXPECT_EQ(told.text({}, output::Palette(), 30),
            "In use now\n"
            "  cpu  3 of 4\n"
            "\n"
            "Impact\n"
            "  1 pod would be cut off\n"
            "    Pod team/web: no port\n"
            "\n"
            "Notes\n"
            "  a note that is longer than\n"
            "    a narrow terminal\n"
            "\n");
}

TEST_F(PlanSteps, IsShownAndCarriedOut) {
  on(Method::patch, k_map).reply(200, config_map("a", "2").json().dump());
  const auto code = write({}, Output::table, context_with_everything());
  ASSERT_TRUE(code) << code.error().to_string();
  EXPECT_EQ(*code, ExitCode::ok);
  EXPECT_THAT(m_out.str(), HasSubstr("ConfigMap team/a"));
  EXPECT_THAT(m_out.str(), HasSubstr("Pod team/web: no port"));
  EXPECT_THAT(m_out.str(), HasSubstr("\n1 to configure\n"));
  EXPECT_THAT(m_out.str(), HasSubstr("1 configured in 1 write\n"));
  EXPECT_THAT(writes(), ElementsAre("PATCH " + k_map));
}

TEST_F(PlanSteps, APlanAloneWritesNothing) {
  on(Method::patch, k_map).reply(200, config_map("a", "2").json().dump());
  WriteOptions options;
  options.only_plan = true;
  EXPECT_EQ(write(options).value(), ExitCode::findings);
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(PlanSteps, ADocumentHoldsTheContextToo) {
  on(Method::patch, k_map).reply(200, config_map("a", "2").json().dump());
  WriteOptions options;
  options.only_plan = true;
  EXPECT_EQ(write(options, Output::json, context_with_everything()).value(), ExitCode::findings);
  const model::Json document = model::parse_json(m_out.str()).value();
  EXPECT_EQ(document["kind"], "TestPlan");
  EXPECT_EQ(document["pending"], true);
  EXPECT_EQ(document["use"], model::Json::array({"cpu"}));
  EXPECT_EQ(document["impacts"][0]["kind"], "cut");
  EXPECT_EQ(document["notes"].size(), 1U);
  EXPECT_EQ(document["changes"][0]["object"]["name"], "a");
}

TEST_F(PlanSteps, TheServersWarningsArePartOfThePlanAndToldOnce) {
  on(Method::patch, k_map)
      .reply(200, config_map("a", "2").json().dump(), {{"Warning", R"(299 - "mind the gap")"}});
  EXPECT_EQ(write({}).value(), ExitCode::ok);
  EXPECT_THAT(m_out.str(), HasSubstr("! mind the gap\n"));
  EXPECT_THAT(writes(), ElementsAre("PATCH " + k_map));
  EXPECT_EQ(m_err.str().find("mind the gap"), std::string::npos);
}

TEST_F(PlanSteps, ARefusedPlanIsShownAndNotWritten) {
  on(Method::patch, k_map).reply(200, config_map("a", "2").json().dump());
  WriteOptions options;
  options.refusal = Error(ErrorCode::conflict, "pods would be lost");
  const auto code = write(options);
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().message, "pods would be lost");
  EXPECT_THAT(m_out.str(), HasSubstr("1 to configure"));
  EXPECT_THAT(writes(), IsEmpty());
  options.only_plan = true;
  EXPECT_EQ(write(options).value(), ExitCode::findings);
}

TEST_F(PlanSteps, NothingToDoSaysSo) {
  on(Method::patch, k_map).reply(200, config_map("a").json().dump());
  WriteOptions options;
  options.nothing_to_do = "Nothing to do, 0 writes";
  EXPECT_EQ(write(options).value(), ExitCode::ok);
  EXPECT_EQ(m_out.str(), "Nothing to do, 0 writes\n");
  EXPECT_THAT(m_out.str(), Not(HasSubstr("to configure")));
  EXPECT_THAT(writes(), IsEmpty());
}

}  // namespace
}  // namespace kai::cli
