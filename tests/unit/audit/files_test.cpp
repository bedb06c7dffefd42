#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/files.hpp>
#include <kai/model/json.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace kai::audit {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view k_inert = R"(apiVersion: v1
kind: ResourceQuota
metadata:
  name: gpus
  namespace: team
spec:
  hard:
    cpu: 1
    limits.nvidia.com/gpu: 4
)";

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string name = (fs::temp_directory_path() / "kai-audit-XXXXXX").string();
    m_directory = ::mkdtemp(name.data());
  }
  ~FilesTest() override { fs::remove_all(m_directory); }

  std::string write(const std::string& name, std::string_view text) {
    const fs::path path = m_directory / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  Result<FileSource> try_read(std::vector<std::string> paths, std::string_view input = {},
                              FilesOptions options = {}) {
    options.paths = std::move(paths);
    std::istringstream in{std::string(input)};
    return FileSource::read(options, in);
  }

  FileSource read(std::vector<std::string> paths, std::string_view input = {},
                  FilesOptions options = {}) {
    auto source = try_read(std::move(paths), input, std::move(options));
    EXPECT_TRUE(source) << (source ? "" : source.error().to_string());
    return *std::move(source);
  }

  // "FILE:LINE:COLUMN" of every finding of quota-gpu-key-inert, FILE below the directory.
  std::vector<std::string> places(const FileSource& source) {
    const Rule* const rule = find_rule("quota-gpu-key-inert");
    Report report = run_rules(source.evidence().facts, {&rule, 1}, source.evidence().gaps);
    source.locate(report);
    std::vector<std::string> list;
    for (const Finding& finding : report.findings) {
      std::string place = finding.location ? finding.location->to_string() : "nowhere";
      if (place.starts_with(m_directory.string())) place.erase(0, m_directory.string().size() + 1);
      list.push_back(std::move(place));
    }
    return list;
  }

  fs::path m_directory;
};

TEST_F(FilesTest, AFindingNamesTheFieldsLineAndColumn) {
  EXPECT_THAT(places(read({write("a.yaml", k_inert)})), ElementsAre("a.yaml:9:5"));
}

TEST_F(FilesTest, ManyDocumentsInOneFile) {
  const std::string text = "# first\n---\n" + std::string(k_inert) +
                           "---\n---\n# empty\n--- # again\n" + std::string(k_inert) + "...\n";
  const FileSource source = read({write("a.yaml", text)});
  EXPECT_EQ(source.evidence().facts.objects, 2);
  EXPECT_THAT(places(source), ElementsAre("a.yaml:11:5", "a.yaml:24:5"));
}

TEST_F(FilesTest, LinesOfCarriageReturnsAreLines) {
  std::string text;
  for (const char c : k_inert) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_THAT(places(read({write("a.yaml", text)})), ElementsAre("a.yaml:9:5"));
}

TEST_F(FilesTest, ListsOfAnyKind) {
  std::string text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n- ";
  for (const char c : k_inert) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
  EXPECT_THAT(places(read({write("list.yaml", text)})), ElementsAre("list.yaml:14:7"));
  // Items of a typed list need not say what they are.
  const FileSource typed =
      read({write("typed.yaml",
                  "apiVersion: v1\nkind: ResourceQuotaList\nitems:\n"
                  "- metadata: {name: q}\n  spec: {hard: {nvidia.com/gpu: 1}}\n")});
  EXPECT_THAT(places(typed), ElementsAre("typed.yaml:5:17"));
}

TEST_F(FilesTest, JsonAsAnObjectAListAndAStream) {
  const std::string object =
      R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"nvidia.com/gpu":"1"}}})";
  EXPECT_EQ(places(read({write("a.json", object)})).size(), 1U);
  const std::string list =
      "{\n \"apiVersion\": \"v1\",\n \"items\": [\n  " + object + "\n ],\n \"kind\": \"List\"\n}\n";
  EXPECT_THAT(places(read({write("list.json", list)})), ElementsAre("list.json:4:85"));
  const std::string typed =
      R"({"kind":"ResourceQuotaList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"q"},"spec":{"hard":{"nvidia.com/gpu":"1"}}}]})";
  EXPECT_EQ(places(read({write("typed.json", typed)})).size(), 1U);
}

TEST_F(FilesTest, AListThatIsEmptyIsAnAnswer) {
  const FileSource source =
      read({write("a.json", R"({"apiVersion":"v1","kind":"List","items":[]})")});
  EXPECT_EQ(source.evidence().facts.objects, 0);
  EXPECT_THAT(source.evidence().gaps, IsEmpty());
}

TEST_F(FilesTest, DirectoriesAreReadInOrderWithoutWhatIsHidden) {
  write("d/b.yaml", k_inert);
  write("d/a.yml", k_inert);
  write("d/sub/c.json", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}})");
  write("d/.hidden.yaml", k_inert);
  write("d/.git/e.yaml", k_inert);
  write("d/README.md", "no: yaml: at all");
  write("d/values.yaml", "replicas: 3\n");
  const FileSource source = read({(m_directory / "d").string()});
  EXPECT_EQ(source.evidence().facts.objects, 3);
  EXPECT_THAT(places(source), ElementsAre("d/a.yml:9:5", "d/b.yaml:9:5"));
  // A file that is no manifest is passed over, and told.
  ASSERT_EQ(source.passed_over().size(), 1U);
  EXPECT_THAT(source.passed_over()[0].file, HasSubstr("values.yaml"));
  EXPECT_THAT(source.evidence().gaps, IsEmpty());
}

TEST_F(FilesTest, WhatTheUserNamedMustBeAnObject) {
  const std::string good = write("a.yaml", k_inert);
  const FileSource source = read({good, write("values.yaml", "\n\nreplicas: 3\n")});
  EXPECT_THAT(source.passed_over(), IsEmpty());
  ASSERT_EQ(source.evidence().gaps.size(), 1U);
  EXPECT_THAT(source.evidence().gaps[0].reason, HasSubstr("no Kubernetes object"));
  EXPECT_EQ(source.evidence().gaps[0].location->line, 3);
  EXPECT_EQ(places(source).size(), 1U);
}

TEST_F(FilesTest, StandardInputIsKeptForItsLines) {
  EXPECT_THAT(places(read({"-"}, k_inert)), ElementsAre("<stdin>:9:5"));
  const auto twice = try_read({"-", "-"}, k_inert);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::usage);
}

TEST_F(FilesTest, ABrokenDocumentHidesNoOther) {
  const std::string text = std::string(k_inert) + "---\napiVersion: v1\nkind: [Pod\n---\n" +
                           std::string(k_inert) + "---\na: 1\na: 2\n";
  const FileSource source = read({write("a.yaml", text)});
  EXPECT_THAT(places(source), ElementsAre("a.yaml:9:5", "a.yaml:22:5"));
  const auto& gaps = source.evidence().gaps;
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_THAT(gaps[0].location->file, HasSubstr("a.yaml"));
  EXPECT_THAT(gaps[0].location->line, testing::AllOf(testing::Ge(12), testing::Le(13)));
  EXPECT_GT(gaps[0].location->column, 0);
  EXPECT_EQ(gaps[1].location->line, 25);
  EXPECT_THAT(gaps[1].reason, HasSubstr("a"));
}

TEST_F(FilesTest, ABrokenJsonListKeepsWhatCameBefore) {
  const FileSource source = read({write("a.json",
                                        "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n"
                                        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"},\n"
                                        "{\"apiVersion\":\"v1\" \"kind\":\"Pod\"}]}")});
  EXPECT_EQ(source.evidence().facts.objects, 1);
  ASSERT_EQ(source.evidence().gaps.size(), 1U);
  EXPECT_EQ(source.evidence().gaps[0].location->line, 3);
  EXPECT_EQ(source.evidence().gaps[0].location->column, 20);
}

TEST_F(FilesTest, ItemsThatAreNoObjectsAreGaps) {
  const FileSource yaml = read({"-"}, "apiVersion: v1\nkind: List\nitems: [{a: 1}, 3]\n");
  EXPECT_EQ(yaml.evidence().gaps.size(), 2U);
  const FileSource json = read({"-"}, R"({"apiVersion":"v1","kind":"List","items":[{"a":1}]})");
  ASSERT_EQ(json.evidence().gaps.size(), 1U);
  EXPECT_THAT(json.evidence().gaps[0].reason, HasSubstr("item 0"));
}

TEST_F(FilesTest, NothingToAuditIsAnError) {
  for (const std::string& path :
       {write("empty.yaml", ""), write("comment.yaml", "# nothing\n---\n"),
        (m_directory / "missing.yaml").string()}) {
    const auto source = try_read({path});
    ASSERT_FALSE(source) << path;
    EXPECT_THAT(source.error().to_string(), HasSubstr(path));
  }
  fs::create_directories(m_directory / "bare");
  EXPECT_FALSE(try_read({(m_directory / "bare").string()}));
  const auto address = try_read({"https://example.org/a.yaml"});
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().hint, HasSubstr("-f -"));
}

TEST_F(FilesTest, ADumpCanBeNarrowedToANamespace) {
  FilesOptions options;
  options.view = Facts::View::cluster;
  options.only_ns = "team";
  const FileSource source = read({"-"}, std::string(k_inert) + R"(---
apiVersion: v1
kind: ResourceQuota
metadata: {name: other, namespace: elsewhere}
spec: {hard: {nvidia.com/gpu: 1}}
---
apiVersion: v1
kind: Node
metadata: {name: n}
)",
                                 options);
  const Facts& facts = source.evidence().facts;
  EXPECT_EQ(facts.quotas.size(), 1U);
  EXPECT_EQ(facts.nodes.size(), 1U);
  EXPECT_TRUE(facts.complete.has(Kind::pod));
  EXPECT_EQ(facts.only_ns, "team");
}

TEST_F(FilesTest, AFileThatChangesMeanwhileKeepsItsFirstLine) {
  const std::string path = write("a.yaml", "---\n" + std::string(k_inert));
  const FileSource source = read({path});
  write("a.yaml", "---\nother: text\n");
  EXPECT_THAT(places(source), ElementsAre(testing::StartsWith("a.yaml:2")));
  fs::remove(path);
  EXPECT_THAT(places(source), ElementsAre("a.yaml:2"));
}

// Of one file with many documents, each is found without walking down from the top again.
TEST_F(FilesTest, EveryDocumentOfALongFileHasItsLines) {
  std::string text;
  std::vector<std::string> wanted;
  int line = 1;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "q" + std::to_string(10'000 + i);
    std::string document = std::string(k_inert);
    document.replace(document.find("gpus"), 4, name);
    text += document + (i % 3 == 0 ? "...\n---\n" : "---\n");
    wanted.push_back("a.yaml:" + std::to_string(line + 8) + ":5");
    line += i % 3 == 0 ? 11 : 10;
  }
  for (const std::size_t threads : {1U, 4U}) {
    FilesOptions options;
    options.threads = threads;
    EXPECT_EQ(places(read({write("a.yaml", text)}, {}, std::move(options))), wanted);
  }
}

// Everything that depends on the order in which documents are added.
std::string told(const FileSource& source, const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text += finding.object.to_string() + " " + finding.location->to_string() + " " +
            finding.fingerprint + " " + std::to_string(finding.origin.document) + "\n";
  }
  for (const Gap& gap : source.evidence().gaps) {
    text += gap.location->to_string() + ": " + gap.reason + "\n";
  }
  for (const Location& location : source.passed_over()) text += location.to_string() + "\n";
  return text;
}

TEST_F(FilesTest, SaysTheSameHoweverManyThreadsRead) {
  const auto quota = [](int number) {
    return "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q" + std::to_string(number % 7) +
           ", namespace: team}\nspec: {hard: {limits.nvidia.com/gpu: " + std::to_string(number) +
           "}}\n";
  };
  for (int file = 0; file < 12; ++file) {
    std::string text;
    // Several pieces a file, of documents that are alike in name, broken, or something else.
    for (int i = 0; i < 3000; ++i) {
      text += "---\n";
      if (i % 500 == 17) {
        text += "a: [\n";
      } else if (i % 500 == 18) {
        text += "replicas: 1\n";
      } else if (i % 100 == 0) {
        text += quota(file * 1000 + i);
      } else {
        text += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" + std::to_string(i) + "}\n";
      }
    }
    write("m/" + std::to_string(file) + ".yaml", text);
  }
  std::string list = R"({"apiVersion": "v1", "kind": "List", "items": [)";
  for (int i = 0; i < 9000; ++i) {
    list +=
        std::string(i == 0 ? "" : ",") +
        (i % 1000 == 3 ? "7"
                       : R"({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})");
  }
  write("m/long.json", list + "]}");
  const std::string directory =
      write("m/short.json", R"({"apiVersion": "v1", "kind": "List", "items": [5, {"apiVersion")");
  std::string alone;
  for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
    FilesOptions options;
    options.threads = threads;
    const FileSource source = read({fs::path(directory).parent_path().string()}, {}, options);
    Report report = run_rules(source.evidence().facts, all_rules(), source.evidence().gaps);
    source.locate(report);
    EXPECT_GT(report.findings.size(), 300U);
    EXPECT_GT(source.evidence().gaps.size(), 70U);
    const std::string text = told(source, report);
    if (alone.empty()) alone = text;
    EXPECT_EQ(text, alone) << threads << " threads";
  }
}

TEST_F(FilesTest, AFileThatCannotBeReadEndsAllThreads) {
  for (int file = 0; file < 20; ++file) {
    write("m/" + std::to_string(file) + ".yaml", k_inert);
  }
  const std::string link = write("m/x", "") + ".yaml";
  fs::create_symlink(m_directory / "m", link);
  FilesOptions options;
  options.threads = 4;
  const auto source =
      try_read({(m_directory / "m").string(), "/proc/self/mem"}, {}, std::move(options));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, ErrorCode::io);
}

}  // namespace
}  // namespace kai::audit
