#include <kai/cli/arguments.hpp>
#include <kai/cli/suggest.hpp>

#include <algorithm>
#include <utility>

namespace kai::cli {

namespace {

bool is_long(std::string_view name) {
  return name.substr(0, 2) == "--";
}

bool has_name(const CLI::Option& option, std::string_view name) {
  const auto& names = is_long(name) ? option.get_lnames() : option.get_snames();
  name.remove_prefix(is_long(name) ? 2 : 1);
  return std::any_of(names.begin(), names.end(), [name](const auto& own) { return own == name; });
}

CLI::Option* own_flag(CLI::App& command, std::string_view name) {
  for (CLI::Option* option : command.get_options()) {
    if (has_name(*option, name)) return option;
  }
  return nullptr;
}

// A flag of any command below: `kubectl ai gpu --detected setup`.
CLI::Option* flag_below(CLI::App& command, std::string_view name) {
  for (CLI::App* child : command.get_subcommands({})) {
    if (CLI::Option* option = own_flag(*child, name)) return option;
    if (CLI::Option* option = flag_below(*child, name)) return option;
  }
  return nullptr;
}

bool needs_value(const CLI::Option& option) {
  return option.get_items_expected_min() > 0;
}
bool is_list(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// A flag's name as people know it: "--selector", or "-x" when that is all there is.
std::string flag_name(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return "--" + option.get_lnames().front();
  return "-" + option.get_snames().front();
}

Error usage_error(std::string message, const CLI::App& command, std::string hint = {}) {
  if (!hint.empty()) hint += hint.back() == '?' ? " " : "; ";
  hint += "see '" + typed_name(command) + " --help'";
  return Error(ErrorCode::usage, std::move(message)).with_hint(std::move(hint));
}

std::vector<std::string> flag_names(CLI::App& command) {
  std::vector<std::string> names;
  for (CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

Error unknown_flag(CLI::App& root, CLI::App& command, const std::string& name) {
  const std::string message = "unknown flag " + name;
  if (is_long(name)) {
    if (const auto near = suggest(name, flag_names(command))) {
      return usage_error(message, command, "did you mean " + *near + "?");
    }
  }
  // Perhaps a flag of another command.
  for (CLI::App* other : root.get_subcommands({})) {
    if (own_flag(*other, name) != nullptr) {
      return usage_error(message, command, "it belongs to '" + typed_name(*other) + "'");
    }
  }
  return usage_error(message, command);
}

Error unknown_command(CLI::App& command, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* child : command.get_subcommands({})) {
    if (!child->get_group().empty()) names.push_back(child->get_name());
  }
  const auto near = suggest(word, names);
  return usage_error("unknown command " + in_quotes(word) + " for '" + typed_name(command) + "'",
                     command, near ? "did you mean " + *near + "?" : std::string());
}

// Stores the flags' values into CLI11's options.
Result<> store_flags(CLI::App& root, const Words& words) {
  for (const FlagWord& flag : words.flags) {
    CLI::Option* option = find_flag(*words.command, flag.name);
    if (option == nullptr) return fail(unknown_flag(root, *words.command, flag.name));
    if (needs_value(*option)) {
      if (!flag.value) {
        return fail(usage_error("flag " + flag.name + " needs a value", *words.command));
      }
      if (!is_list(*option)) option->clear();  // the last one wins
      option->add_result(*flag.value);
      continue;
    }
    option->clear();
    if (option->get_items_expected_max() > 0) {  // an optional value: --dry-run[=server]
      option->add_result(flag.value.value_or(option->get_default_str()));
    } else {
      const std::string value = flag.value.value_or("true");
      if (value != "true" && value != "false") {
        return fail(usage_error(
            "flag " + flag.name + " takes no value but true or false, not " + in_quotes(value),
            *words.command));
      }
      option->add_result(value);
    }
  }
  return {};
}

Result<> store_arguments(const Words& words) {
  std::vector<CLI::Option*> places;
  for (CLI::Option* option : words.command->get_options()) {
    if (option->get_positional()) places.push_back(option);
  }
  auto place = places.begin();
  for (const std::string& argument : words.arguments) {
    while (place != places.end() &&
           static_cast<int>((*place)->count()) >= (*place)->get_items_expected_max()) {
      ++place;
    }
    if (place == places.end()) {
      if (words.command->get_subcommands({}).empty() || !places.empty()) {
        return fail(usage_error("unexpected argument " + in_quotes(argument) + " for '" +
                                    typed_name(*words.command) + "'",
                                *words.command));
      }
      return fail(unknown_command(*words.command, argument));
    }
    (*place)->add_result(argument);
  }
  return {};
}

// "NODE", or "SHELL: one of bash, zsh" where there is a choice.
std::string argument_name(const CLI::Option& option) {
  std::string choices = option.get_type_name();
  if (choices.find('|') == std::string::npos) return shown_name(option);
  std::string name = shown_name(option) + ": one of ";
  for (const char letter : choices) name += letter == '|' ? ", " : std::string(1, letter);
  return name;
}

bool has_argument(const CLI::App& command) {
  const auto options = command.get_options();
  return std::any_of(options.begin(), options.end(),
                     [](const CLI::Option* option) { return option->get_positional(); });
}

std::string display_name(const CLI::Option& option) {
  return option.get_positional() ? shown_name(option) : "flag " + flag_name(option);
}

// Lets CLI11 convert what was stored, flag by flag: so it is known which one is wrong.
Result<> convert(CLI::App& command) {
  for (CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (CLI::Option* option : at->get_options()) {
      if (option->count() == 0) continue;
      try {
        option->run_callback();
      } catch (const CLI::ValidationError& error) {
        return fail(usage_error(display_name(*option) + ": " + error.what(), command));
      } catch (const CLI::Error&) {
        return fail(usage_error(
            display_name(*option) + " does not take " + in_quotes(option->results().back()),
            command));
      }
    }
  }
  return {};
}

// What must be there and what must not stand together.
Result<> check_requirements(CLI::App& root, CLI::App& command) {
  for (CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      if (!option->get_required() || option->count() > 0) continue;
      return fail(option->get_positional()
                      ? usage_error("'" + typed_name(command) + "' needs " + argument_name(*option),
                                    command)
                      : usage_error(display_name(*option) + " is required", command));
    }
  }
  std::vector<std::string> path;  // backwards, as CLI11 wants it
  for (CLI::App* at = &command; at != &root; at = at->get_parent()) path.push_back(at->get_name());
  try {
    root.parse(std::move(path));
  } catch (const CLI::Error& error) {
    return fail(usage_error(error.what(), command));
  }
  return {};
}

}  // namespace

CLI::Option* find_flag(CLI::App& command, std::string_view name) {
  for (CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    if (CLI::Option* option = own_flag(*at, name)) return option;
  }
  return nullptr;
}

CLI::App* find_command(CLI::App& parent, std::string_view name) {
  for (CLI::App* child : parent.get_subcommands({})) {
    if (child->check_name(std::string(name))) return child;
  }
  return nullptr;
}

std::string shown_name(const CLI::Option& argument) {
  std::string name = argument.get_name(true);
  for (char& letter : name) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

std::string typed_name(const CLI::App& command) {
  std::string name = command.get_name();
  if (const CLI::App* parent = command.get_parent()) return typed_name(*parent) + " " + name;
  // The plugin kubectl-ai-gpu is typed "kubectl ai gpu".
  std::replace(name.begin(), name.end(), '-', ' ');
  return name;
}

Words split_words(CLI::App& root, const std::vector<std::string>& words) {
  Words sorted;
  sorted.command = &root;
  const auto lookup = [&sorted](std::string_view name) {
    CLI::Option* option = find_flag(*sorted.command, name);
    return option != nullptr ? option : flag_below(*sorted.command, name);
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    // Takes the next word as the value that `option` needs.
    const auto next_value = [&](const CLI::Option& option) -> std::optional<std::string> {
      if (!needs_value(option)) return std::nullopt;
      if (i + 1 < words.size()) return words[++i];
      sorted.open = &option;
      return std::nullopt;
    };
    if (word == "--") {
      sorted.has_rest = true;
      sorted.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (word == "-h" || word == "--help") {
      sorted.help = true;
    } else if (is_long(word)) {
      const std::size_t equals = word.find('=');
      FlagWord flag{word.substr(0, equals), std::nullopt};
      if (equals != std::string::npos) {
        flag.value = word.substr(equals + 1);
      } else if (const CLI::Option* option = lookup(flag.name)) {
        flag.value = next_value(*option);
      }
      sorted.flags.push_back(std::move(flag));
    } else if (word.size() > 1 && word.front() == '-') {
      // "-A", "-nfoo", "-n=foo", "-Anfoo".
      for (std::size_t at = 1; at < word.size(); ++at) {
        FlagWord flag{std::string("-") + word[at], std::nullopt};
        const CLI::Option* option = lookup(flag.name);
        std::string tail = word.substr(at + 1);
        if (option == nullptr) {
          // Shown as it was written when nothing of it is known.
          if (at == 1) flag.name = word.substr(0, word.find('='));
          tail.clear();
          at = word.size();
        } else if (!tail.empty() && tail.front() == '=') {
          flag.value = tail.substr(1);
          at = word.size();
        } else if (needs_value(*option)) {
          flag.value = tail.empty() ? next_value(*option) : std::optional(tail);
          at = word.size();
        }
        sorted.flags.push_back(std::move(flag));
      }
    } else {
      if (!sorted.first) sorted.first = i;
      CLI::App* child = sorted.arguments.empty() ? find_command(*sorted.command, word) : nullptr;
      if (child != nullptr) {
        sorted.command = child;
      } else {
        sorted.arguments.push_back(word);
      }
    }
  }
  return sorted;
}

Result<Invocation> parse_arguments(Commands& commands, const std::vector<std::string>& words) {
  CLI::App& root = commands.root();
  Words sorted = split_words(root, words);
  Invocation invocation{sorted.command, sorted.help};
  if (sorted.help) {
    // Nobody who mistypes a command wants the help of another.
    if (!sorted.arguments.empty() && !sorted.command->get_subcommands({}).empty() &&
        !has_argument(*sorted.command)) {
      return fail(unknown_command(*sorted.command, sorted.arguments.front()));
    }
    return invocation;
  }
  if (std::vector<std::string>* rest = commands.rest(*sorted.command)) {
    *rest = std::move(sorted.rest);
  } else {
    sorted.arguments.insert(sorted.arguments.end(), sorted.rest.begin(), sorted.rest.end());
  }
  KAI_TRY(store_flags(root, sorted));
  KAI_TRY(store_arguments(sorted));
  KAI_TRY(convert(*sorted.command));
  KAI_TRY(check_requirements(root, *sorted.command));
  return invocation;
}

}  // namespace kai::cli
