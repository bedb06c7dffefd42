// The outside world of a test: a Context whose environment, clock and log the test
// holds in its hands, and a directory that goes away with it.
#pragma once

#include <kai/base/context.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::test {

class Outside {
 public:
  Outside();
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  // Lines of the log at `level`, in order.
  [[nodiscard]] std::vector<std::string> logged(int level) const;

  // A directory of this test's own.
  [[nodiscard]] const std::filesystem::path& directory() const { return m_directory; }
  // Writes a file below directory(), with its parents; returns its path.
  std::string write(const std::string& name, std::string_view text) const;
  // The same, and makes it executable.
  std::string write_program(const std::string& name, std::string_view text) const;
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::istringstream m_in;
  std::ostringstream m_out;
  std::ostringstream m_err;
  std::filesystem::path m_directory;
  mutable std::mutex m_mutex;  // guards m_lines
  std::vector<std::pair<int, std::string>> m_lines;

 public:
  Context context;
  std::map<std::string, std::string, std::less<>> env;
  std::chrono::system_clock::time_point now;
};

}  // namespace kai::test
