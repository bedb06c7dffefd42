// The platform profile as a command's -f names it.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/profile.hpp>

#include <CLI/CLI.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kai::cli {

// -f, --filename; given twice it is refused by read_profile(), not quietly forgotten.
void add_profile_flag(CLI::App& command, std::vector<std::string>& filenames);

struct ProfileFile {
  std::string name;  // as errors say it
  model::Profile profile;
};

// nullopt when no file was named; "-" is `in`. Errors: usage, not_found, io, cancelled, and
// those of model::parse_profile().
Result<std::optional<ProfileFile>> read_profile(const std::vector<std::string>& filenames,
                                                std::istream& in);

// The profile's namespaces; with `ns`, that one alone. Errors: invalid_input when it has none
// of that name, with the nearest.
Result<std::vector<const model::NamespaceProfile*>> choose_namespaces(const model::Profile& profile,
                                                                      const std::string& ns);

// What is wrong with flags, told in one message.
class FlagProblems {
 public:
  void add(std::string text) { m_texts.push_back(std::move(text)); }
  // Errors: usage, with all of them.
  [[nodiscard]] Result<> result() const;

 private:
  std::vector<std::string> m_texts;
};

}  // namespace kai::cli
