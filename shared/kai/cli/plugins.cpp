#include <kai/cli/plugins.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

namespace kai::cli {

namespace {

constexpr std::array<PluginEntry, 4> k_plugins{{
    {"audit", "kubectl-ai-audit", "Find what breaks or wastes GPUs, live or in files"},
    {"gpu", "kubectl-ai-gpu", "Prepare, watch, explain and test GPU nodes"},
    {"policy", "kubectl-ai-policy", "Set Pod Security, NetworkPolicies and roles, and prove them"},
    {"quota", "kubectl-ai-quota", "Limit what namespaces may use, and show what they do"},
}};

std::string own_file() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : path.string();
}

bool is_executable(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat left {};
  struct stat right {};
  return stat(a.c_str(), &left) == 0 && stat(b.c_str(), &right) == 0 &&
         left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

}  // namespace

std::span<const PluginEntry> plugins() {
  return k_plugins;
}

const PluginEntry* find_plugin(std::string_view name) {
  const auto* found = std::find_if(k_plugins.begin(), k_plugins.end(),
                                   [name](const PluginEntry& entry) { return entry.name == name; });
  return found == k_plugins.end() ? nullptr : found;
}

std::string own_directory() {
  const std::string file = own_file();
  return file.substr(0, std::min(file.rfind('/'), file.size()));
}

std::optional<std::string> locate_plugin(std::string_view name, const Environment& env) {
  if (name.empty() || name.front() == '-' || name.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  std::string binary = "kubectl-ai-" + std::string(name);
  std::replace(binary.begin() + 11, binary.end(), '-', '_');
  const std::string own = own_file();
  const auto usable = [&own](const std::string& path) {
    return is_executable(path) && !is_same_file(path, own);
  };
  const std::string directory = own_directory();
  if (!directory.empty() && usable(directory + "/" + binary)) return directory + "/" + binary;

  const std::string path = env("PATH").value_or("");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    // An empty entry would be the working directory: not searched, as in Go.
    if (end > at) {
      std::string candidate = path.substr(at, end - at) + "/" + binary;
      if (candidate.front() == '/' && usable(candidate)) return candidate;
    }
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace kai::cli
