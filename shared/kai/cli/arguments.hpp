// Reading the command line the way kubectl does.
//
// CLI11 holds the commands, the flags and their conversion; the words are split
// here, because kubectl's rules differ: a flag may stand before or behind its
// command, "-n=x" means "-n x", a value may begin with a dash, a repeated flag's
// last value wins, and whatever follows "--" is no flag.
#pragma once

#include <kai/base/result.hpp>
#include <kai/cli/commands.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::cli {

struct Invocation {
  CLI::App* command = nullptr;  // the deepest one named
  bool help = false;            // -h or --help stood somewhere
};

// One flag as it stands on the command line; found by its name below `command`'s
// chain of parents.
struct FlagWord {
  std::string name;                  // "--selector", "-l"
  std::optional<std::string> value;  // from "=value", the rest of the word, or the next word
};

// The words, sorted; what completion works on too.
struct Words {
  CLI::App* command = nullptr;
  std::vector<FlagWord> flags;
  std::vector<std::string> arguments;
  std::vector<std::string> rest;  // behind "--"
  bool has_rest = false;
  bool help = false;
  // Which word is the first that is neither a flag nor a flag's value.
  std::optional<std::size_t> first;
  // The last flag still waits for its value, which the line does not have.
  const CLI::Option* open = nullptr;
};

// Splits the words (without the program's name). Never fails: an unknown flag or
// command stays in the result as it was written.
Words split_words(CLI::App& root, const std::vector<std::string>& words);

// Splits, converts and stores everything into the targets. Errors: usage, with the
// nearest name and a hint how to get help. Says `help` before anything is an error.
Result<Invocation> parse_arguments(Commands& commands, const std::vector<std::string>& words);

// The flag of that name ("-l", "--selector") which `command` understands: its own
// or one of its parents'; nullptr otherwise.
CLI::Option* find_flag(CLI::App& command, std::string_view name);
// The command below `parent` of that name.
CLI::App* find_command(CLI::App& parent, std::string_view name);
// "NODE", as usage lines and messages have it.
std::string shown_name(const CLI::Option& argument);
// "kubectl ai gpu setup".
std::string typed_name(const CLI::App& command);

}  // namespace kai::cli
