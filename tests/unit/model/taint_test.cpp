#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/taint.hpp>

#include <string>
#include <vector>

namespace kai::model {
namespace {

using testing::HasSubstr;

TEST(Taint, ParsesWhatKubectlTaintTakes) {
  EXPECT_EQ(Taint::parse("nvidia.com/gpu=true:NoSchedule").value(),
            (Taint{"nvidia.com/gpu", "true", "NoSchedule"}));
  EXPECT_EQ(Taint::parse("gpu:NoExecute").value(), (Taint{"gpu", "", "NoExecute"}));
  EXPECT_EQ(Taint::parse("gpu=:PreferNoSchedule").value(), (Taint{"gpu", "", "PreferNoSchedule"}));
}

TEST(Taint, RefusesWhatTheServerWouldRefuse) {
  for (const std::string_view text :
       {"", ":", "gpu", "gpu=true", ":NoSchedule", "=a:NoSchedule", "gpu:", "gpu:noschedule",
        "gpu:NoSchedule:NoExecute", "a=b=c:NoSchedule", "a/b/c:NoSchedule", "gpu=a b:NoSchedule",
        "gpu=-:NoSchedule", "-gpu:NoSchedule", "gpu:NoSchedule-"}) {
    EXPECT_FALSE(Taint::parse(text)) << text;
  }
  const Error error = Taint::parse("gpu=true:NoSchedul").error();
  EXPECT_EQ(error.message,
            "invalid taint \"gpu=true:NoSchedul\": unknown effect \"NoSchedul\", did you mean "
            "NoSchedule?");
  EXPECT_THAT(error.hint, HasSubstr("key=value:Effect"));
}

TEST(Taint, TextsAndJsonAreEqualBothWays) {
  for (const std::string text : {"a=b:NoSchedule", "a:NoSchedule", "x.y/z=1:NoExecute"}) {
    const Taint taint = Taint::parse(text).value();
    EXPECT_EQ(taint.to_string(), text);
    EXPECT_EQ(Taint::from_json(taint.to_json()), taint);
  }
  EXPECT_EQ(Taint::parse("a:NoSchedule")->to_json(),
            Json::parse(R"({"key":"a","effect":"NoSchedule"})"));
  EXPECT_EQ((Taint{"a", "", ""}.to_string()), "a");
  EXPECT_EQ((Taint{"a", "b", ""}.to_string()), "a=b:");
  EXPECT_EQ(Taint::from_json(Json::parse(R"({"key":"a","timeAdded":"t"})")), (Taint{"a", "", ""}));
  EXPECT_EQ(Taint::from_json(Json(7)), Taint());
}

struct Case {
  Toleration toleration;
  Taint taint;
  bool tolerated;
};

TEST(Toleration, MatchesAsTheScheduler) {
  const Taint gpu{"gpu", "true", "NoSchedule"};
  const Taint plain{"gpu", "", "NoExecute"};
  const Taint sla{"sla", "950", "NoSchedule"};
  const std::vector<Case> cases = {
      {{"gpu", "", "true", "NoSchedule"}, gpu, true},  // no operator: Equal
      {{"gpu", "Equal", "true", "NoSchedule"}, gpu, true},
      {{"gpu", "Equal", "true", ""}, gpu, true},  // no effect: every effect
      {{"gpu", "Equal", "false", ""}, gpu, false},
      {{"gpu", "Equal", "", ""}, gpu, false},  // an empty value is a value
      {{"gpu", "Equal", "", ""}, plain, true},
      {{"gpu", "", "", "NoExecute"}, plain, true},
      {{"gpu", "Equal", "true", "NoExecute"}, gpu, false},
      {{"cpu", "Equal", "true", ""}, gpu, false},
      {{"gpu", "Exists", "", ""}, gpu, true},
      {{"gpu", "Exists", "", "NoSchedule"}, gpu, true},
      {{"gpu", "Exists", "", "NoExecute"}, gpu, false},
      {{"cpu", "Exists", "", ""}, gpu, false},
      {{"", "Exists", "", ""}, gpu, true},  // no key: every key
      {{"", "Exists", "", "NoExecute"}, gpu, false},
      {{"", "Exists", "", "NoExecute"}, plain, true},
      {{"", "Equal", "true", ""}, gpu, true},
      {{"", "", "", ""}, gpu, false},
      {{"", "", "", ""}, plain, true},
      {{"gpu", "exists", "", ""}, gpu, false},  // operators have their exact spelling
      {{"gpu", "In", "true", ""}, gpu, false},
      {{"GPU", "Exists", "", ""}, gpu, false},
      {{"sla", "Gt", "900", "NoSchedule"}, sla, true},
      {{"sla", "Gt", "950", ""}, sla, false},
      {{"sla", "Lt", "951", ""}, sla, true},
      {{"sla", "Lt", "950", ""}, sla, false},
      {{"sla", "Gt", "-1", ""}, sla, true},
      {{"sla", "Gt", "0900", ""}, sla, false},  // no leading zeros
      {{"sla", "Gt", "+900", ""}, sla, false},
      {{"sla", "Gt", "-0", ""}, sla, false},
      {{"sla", "Gt", "", ""}, sla, false},
      {{"sla", "Gt", "9.5", ""}, sla, false},
      {{"sla", "Lt", "9223372036854775808", ""}, sla, false},
      {{"sla", "Lt", "9223372036854775807", ""}, sla, true},
      {{"gpu", "Gt", "1", ""}, gpu, false},  // the taint's value is no number
  };
  for (const auto& [toleration, taint, tolerated] : cases) {
    EXPECT_EQ(toleration.tolerates(taint), tolerated)
        << toleration.to_string() << " against " << taint.to_string();
  }
}

TEST(Toleration, ReadsJsonAndPrints) {
  const auto toleration = Toleration::from_json(Json::parse(
      R"({"key":"gpu","operator":"Exists","effect":"NoSchedule","tolerationSeconds":5})"));
  EXPECT_EQ(toleration, (Toleration{"gpu", "Exists", "", "NoSchedule"}));
  EXPECT_EQ(toleration.to_string(), "gpu:NoSchedule");
  EXPECT_EQ((Toleration{"", "Exists", "", ""}.to_string()), "*");
  EXPECT_EQ((Toleration{"a", "", "b", ""}.to_string()), "a=b");
  EXPECT_EQ((Toleration{"a", "Gt", "5", "NoExecute"}.to_string()), "a>5:NoExecute");
}

TEST(FirstUntolerated, LooksAtHardTaintsOnly) {
  const std::vector<Taint> taints = {
      {"soft", "", "PreferNoSchedule"}, {"gpu", "true", "NoSchedule"}, {"down", "", "NoExecute"}};
  EXPECT_EQ(first_untolerated(taints, {}), &taints[1]);
  EXPECT_EQ(first_untolerated(taints, std::vector<Toleration>{{"gpu", "Exists", "", ""}}),
            &taints[2]);
  EXPECT_EQ(first_untolerated(taints, std::vector<Toleration>{{"gpu", "Exists", "", ""},
                                                              {"down", "Exists", "", "NoExecute"}}),
            nullptr);
  EXPECT_EQ(first_untolerated({}, {}), nullptr);
}

}  // namespace
}  // namespace kai::model
