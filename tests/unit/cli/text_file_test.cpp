#include <gtest/gtest.h>
#include <kai/cli/text_file.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace kai::cli {
namespace {

namespace fs = std::filesystem;

class WriteText : public testing::Test {
 protected:
  WriteText() {
    std::string name = (fs::temp_directory_path() / "kai-text-XXXXXX").string();
    m_directory = mkdtemp(name.data());
  }
  ~WriteText() override { fs::remove_all(m_directory); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (m_directory / name).string();
  }
  static std::string content(const std::string& name) {
    std::istringstream nothing;
    return read_text(name, nothing).value();
  }

  fs::path m_directory;
};

TEST_F(WriteText, ReplacesWhatIsThere) {
  ASSERT_TRUE(write_text(path("a"), "one"));
  ASSERT_TRUE(write_text(path("a"), "two"));
  EXPECT_EQ(content(path("a")), "two");
  EXPECT_FALSE(fs::exists(path("a.new")));
}

TEST_F(WriteText, PermissionsStay) {
  ASSERT_TRUE(write_text(path("a"), "one"));
  const auto secret = fs::perms::owner_read | fs::perms::owner_write;
  fs::permissions(path("a"), secret);
  ASSERT_TRUE(write_text(path("a"), "two"));
  EXPECT_EQ(fs::status(path("a")).permissions(), secret);
}

TEST_F(WriteText, ALinkStaysOne) {
  ASSERT_TRUE(write_text(path("a"), "one"));
  fs::create_symlink("a", path("b"));
  ASSERT_TRUE(write_text(path("b"), "two"));
  EXPECT_TRUE(fs::is_symlink(path("b")));
  EXPECT_EQ(content(path("a")), "two");
}

TEST_F(WriteText, AFailureLeavesNothingBehind) {
  const auto written = write_text(path("no/such/directory"), "one");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kai::cli
