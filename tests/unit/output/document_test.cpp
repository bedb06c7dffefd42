#include <gtest/gtest.h>
#include <kai/model/yaml.hpp>
#include <kai/output/document.hpp>

namespace kai::output {
namespace {

TEST(Document, NamesItsVersionAndKind) {
  EXPECT_EQ(render_document(DocumentFormat::json, "GpuStatus", {{"nodes", {{{"name", "a"}}}}}),
            "{\n"
            "  \"apiVersion\": \"kubectl-ai/v1alpha1\",\n"
            "  \"kind\": \"GpuStatus\",\n"
            "  \"nodes\": [\n"
            "    {\n"
            "      \"name\": \"a\"\n"
            "    }\n"
            "  ]\n"
            "}\n");
  EXPECT_EQ(render_document(DocumentFormat::yaml, "GpuStatus", {{"nodes", {{{"name", "a"}}}}}),
            "apiVersion: kubectl-ai/v1alpha1\n"
            "kind: GpuStatus\n"
            "nodes:\n"
            "- name: a\n");
}

constexpr const char* k_hostile = "a\x1b[2J\u009b31m\u202Egnp\u007f\U000E0041 größe 日本";

TEST(Document, JsonCannotHarmATerminalAndKeepsItsMeaning) {
  const std::string text = render_object(DocumentFormat::json, {{"x", k_hostile}});
  EXPECT_EQ(text,
            "{\n  \"x\": \"a\\u001b[2J\\u009b31m\\u202egnp\\u007f\\udb40\\udc41 größe 日本\"\n}\n");
  EXPECT_EQ(model::Json::parse(text)["x"], k_hostile);
}

TEST(Document, YamlCannotHarmATerminalAndKeepsItsMeaning) {
  const std::string text = render_object(DocumentFormat::yaml, {{"x", k_hostile}});
  for (const char* part : {"\x1b", "\u009b", "\u202E", "\u007f", "\U000E0041"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << text;
  }
  const auto back = model::parse_yaml(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->value["x"], k_hostile);
}

TEST(Document, BrokenUtf8IsReplaced) {
  EXPECT_EQ(render_object(DocumentFormat::json, {{"x", "a\xff"}}), "{\n  \"x\": \"a\uFFFD\"\n}\n");
}

}  // namespace
}  // namespace kai::output
