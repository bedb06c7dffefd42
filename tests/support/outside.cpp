#include "outside.hpp"

#include <fstream>
#include <stdexcept>

namespace kai::test {

namespace {

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "kai-kube-test.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  return name;
}

}  // namespace

Outside::Outside()
    : m_directory(make_directory()),
      context{m_in, m_out, m_err},
      now(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1)) {
  context.env = [this](std::string_view name) -> std::optional<std::string> {
    const auto found = env.find(name);
    return found == env.end() ? std::nullopt : std::optional(found->second);
  };
  context.clock = [this] { return now; };
  context.log = Log(9, [this](int level, std::string_view line) {
    const std::lock_guard lock(m_mutex);
    m_lines.emplace_back(level, line);
  });
}

Outside::~Outside() {
  std::error_code error;
  std::filesystem::remove_all(m_directory, error);
}

std::vector<std::string> Outside::logged(int level) const {
  const std::lock_guard lock(m_mutex);
  std::vector<std::string> lines;
  for (const auto& [line_level, line] : m_lines) {
    if (line_level == level) lines.push_back(line);
  }
  return lines;
}

std::string Outside::write(const std::string& name, std::string_view text) const {
  const std::filesystem::path path = m_directory / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

std::string Outside::write_program(const std::string& name, std::string_view text) const {
  std::string path = write(name, text);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

std::string Outside::read(const std::string& name) const {
  std::ifstream file(m_directory / name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace kai::test
