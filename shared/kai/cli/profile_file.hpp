// The platform profile as a command's -f names it.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/profile.hpp>

#include <CLI/CLI.hpp>

#include <iosfwd>
#include <optional>
#include <string>
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

}  // namespace kai::cli
