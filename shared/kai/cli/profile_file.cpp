#include <kai/cli/profile_file.hpp>
#include <kai/cli/text_file.hpp>

#include <utility>

namespace kai::cli {

void add_profile_flag(CLI::App& command, std::vector<std::string>& filenames) {
  command
      .add_option("-f,--filename", filenames, "Platform profile to follow, - for standard input")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

Result<std::optional<ProfileFile>> read_profile(const std::vector<std::string>& filenames,
                                                std::istream& in) {
  if (filenames.empty()) return std::nullopt;
  if (filenames.size() > 1) return fail(ErrorCode::usage, "-f takes one profile at a time");
  const std::string& path = filenames.front();
  KAI_TRY_ASSIGN(const std::string text, read_text(path, in));
  std::string name = path == "-" ? "<stdin>" : path;
  KAI_TRY_ASSIGN(model::Profile profile, model::parse_profile(text, name));
  return ProfileFile{std::move(name), std::move(profile)};
}

}  // namespace kai::cli
