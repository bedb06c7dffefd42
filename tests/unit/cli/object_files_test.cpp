#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/cli/object_files.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace kai::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ObjectFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "object_files.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    m_directory = name;
  }
  void TearDown() override { std::filesystem::remove_all(m_directory); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((m_directory / name).parent_path());
    std::ofstream(m_directory / name) << text;
  }

  // "Kind name" of each object, behind them the error's message.
  [[nodiscard]] std::vector<std::string> read(const std::vector<std::string>& paths,
                                              const std::string& input = {}) const {
    std::vector<std::string> told;
    std::istringstream in(input);
    const auto done =
        read_objects(paths, in, [&told](model::Resource&& object, const Location&) -> Result<> {
          told.push_back(std::string(object.kind()) + " " + std::string(object.name()));
          return {};
        });
    if (!done) told.push_back(done.error().message);
    return told;
  }

  [[nodiscard]] std::string path(const std::string& name = {}) const {
    return (m_directory / name).string();
  }

 private:
  std::filesystem::path m_directory;
};

TEST_F(ObjectFiles, ADirectoryIsReadByNameWithoutWhatIsHiddenOrNoObject) {
  write("b.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: b}}");
  write("a/c.json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c"}})");
  write("values.yml", "image: {tag: 1}");
  write("notes.txt", "{apiVersion: v1, kind: Pod, metadata: {name: text}}");
  write(".git/d.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: hidden}}");
  EXPECT_THAT(read({path()}), ElementsAre("Pod c", "Pod b"));
}

TEST_F(ObjectFiles, ListsAreTakenApart) {
  EXPECT_THAT(read({"-"},
                   "{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}},"
                   " {metadata: {name: b}}]}\n---\n---\n"
                   "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Node,"
                   " metadata: {name: c}}]}"),
              ElementsAre("Pod a", "Pod b", "Node c"));
}

TEST_F(ObjectFiles, WhatIsNamedHasToBeObjects) {
  write("values.yaml", "image: {tag: 1}");
  EXPECT_THAT(read({path("values.yaml")}), ElementsAre(HasSubstr("no Kubernetes object")));
  EXPECT_THAT(read({"-"}, "{apiVersion: v1, kind: List, items: [{metadata: {name: a}}]}"),
              ElementsAre(HasSubstr("no Kubernetes object")));
  EXPECT_THAT(read({path("nothing.yaml")}), ElementsAre(HasSubstr("No such file")));
}

TEST_F(ObjectFiles, ABrokenDocumentEndsIt) {
  write("a.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{broken");
  EXPECT_THAT(read({path()}), ElementsAre("Pod a", HasSubstr("malformed YAML")));
}

}  // namespace
}  // namespace kai::cli
