#include <kai/base/context.hpp>
#include <kai/cli/text_file.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace kai::cli {
namespace {

namespace fs = std::filesystem;

Error file_error(const std::string& path) {
  const std::error_code code(errno, std::generic_category());
  const bool missing = code == std::errc::no_such_file_or_directory;
  return {missing ? ErrorCode::not_found : ErrorCode::io, path + ": " + code.message()};
}

}  // namespace

Result<std::string> read_text(const std::string& path, std::istream& in) {
  if (path == "-") return read_to_end(in);
  std::error_code code;
  if (fs::is_directory(path, code)) return fail(ErrorCode::io, path + ": is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(file_error(path));
  auto text = read_to_end(file);
  if (!text) return fail(text.error().code, path + ": " + text.error().message);
  return text;
}

Result<> write_text(const std::string& path, std::string_view text) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  const bool in_place = fs::exists(status) && !fs::is_regular_file(status);
  // A link stays one, and what it points to is replaced.
  const bool linked = fs::is_symlink(fs::symlink_status(path, code));
  const std::string real = linked && fs::exists(status) ? fs::canonical(path, code).string() : path;
  const std::string target = in_place ? path : real + ".new";
  const auto write = [&] {
    std::ofstream file(target, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!in_place && fs::exists(status)) fs::permissions(target, status.permissions(), code);
    return !file.fail();
  };
  errno = 0;
  if (!write() || (!in_place && std::rename(target.c_str(), real.c_str()) != 0)) {
    Error error = file_error(path).while_doing("writing it");
    if (!in_place) fs::remove(target, code);
    return fail(std::move(error));
  }
  return {};
}

}  // namespace kai::cli
