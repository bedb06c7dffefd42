#include <kai/cli/profile_file.hpp>
#include <kai/cli/text_file.hpp>
#include <kai/model/names.hpp>

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

Result<std::vector<const model::NamespaceProfile*>> choose_namespaces(const model::Profile& profile,
                                                                      const std::string& ns) {
  std::vector<const model::NamespaceProfile*> chosen;
  std::vector<std::string> known;
  for (const model::NamespaceProfile& entry : profile.namespaces) {
    known.push_back(entry.name);
    if (ns.empty() || entry.name == ns) chosen.push_back(&entry);
  }
  if (!ns.empty() && chosen.empty()) {
    Error error(ErrorCode::invalid_input, "the profile has no namespace " + ns);
    const auto nearest = model::nearest_name(ns, known);
    if (nearest) error = std::move(error).with_hint("did you mean " + *nearest + "?");
    return fail(std::move(error));
  }
  return chosen;
}

Result<> FlagProblems::result() const {
  if (m_texts.empty()) return {};
  std::string message = m_texts.front();
  for (std::size_t i = 1; i < m_texts.size(); ++i) message += "; " + m_texts[i];
  return fail(Error(ErrorCode::usage, std::move(message)).with_hint("nothing was written"));
}

}  // namespace kai::cli
