#include <kai/cli/arguments.hpp>
#include <kai/cli/complete.hpp>
#include <kai/output/style.hpp>

#include <algorithm>
#include <string_view>

namespace kai::cli {

namespace {

// Cobra's ShellCompDirective.
enum class Directive : int { files = 0, no_files = 4, directories = 16 };

struct Candidate {
  std::string word;
  std::string about;
};

struct Answer {
  std::vector<Candidate> candidates;
  Directive directive = Directive::no_files;
};

bool begins_with(std::string_view word, std::string_view prefix) {
  return word.substr(0, prefix.size()) == prefix;
}

// What a flag that every command takes wants; by name, since no plugin defines it.
Offer common_offer(const CLI::Option& option) {
  if (option.check_lname("namespace")) return Offer::namespaces;
  if (option.check_lname("context")) return Offer::contexts;
  if (option.check_lname("cluster")) return Offer::clusters;
  if (option.check_lname("user")) return Offer::users;
  return Offer::nothing;
}

Answer values(const Commands& commands, const CLI::Option& option, std::string_view prefix,
              const LiveNames& live) {
  Answer answer;
  const std::string type = option.get_type_name();
  if (type.find('|') != std::string::npos) {  // choices
    for (std::size_t at = 0; at <= type.size();) {
      const std::size_t end = std::min(type.find('|', at), type.size());
      const std::string word = type.substr(at, end - at);
      if (begins_with(word, prefix)) answer.candidates.push_back({word, {}});
      at = end + 1;
    }
    return answer;
  }
  if (type == "FILE") answer.directive = Directive::files;
  if (type == "DIR") answer.directive = Directive::directories;
  Offer offer = commands.offered(&option);
  if (offer == Offer::nothing) offer = common_offer(option);
  if (offer == Offer::nothing) return answer;
  if (offer == Offer::files) {
    answer.directive = Directive::files;
    return answer;
  }
  for (std::string& name : live(offer)) {
    if (begins_with(name, prefix)) answer.candidates.push_back({std::move(name), {}});
  }
  return answer;
}

bool is_used(const Words& words, CLI::App& command, const CLI::Option& option) {
  return std::any_of(words.flags.begin(), words.flags.end(), [&](const FlagWord& flag) {
    return find_flag(command, flag.name) == &option;
  });
}

Answer flags(const Words& words, std::string_view prefix) {
  Answer answer;
  for (CLI::App* at = words.command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      if (option->get_group().empty() || option->get_lnames().empty()) continue;
      const bool repeatable = option->get_items_expected_max() > 1;
      if (!repeatable && is_used(words, *words.command, *option)) continue;
      std::string name = "--" + option->get_lnames().front();
      if (begins_with(name, prefix)) {
        answer.candidates.push_back({std::move(name), option->get_description()});
      }
    }
  }
  if (begins_with("--help", prefix)) answer.candidates.push_back({"--help", "Show help"});
  return answer;
}

// The argument that the next word would be; nullptr when there is none.
const CLI::Option* next_argument(const Words& words) {
  auto taken = static_cast<int>(words.arguments.size());
  for (const CLI::Option* option : words.command->get_options()) {
    if (!option->get_positional()) continue;
    if (taken < option->get_items_expected_max()) return option;
    taken -= option->get_items_expected_max();
  }
  return nullptr;
}

Answer arguments(const Commands& commands, const Words& words, std::string_view prefix,
                 const LiveNames& live) {
  Answer answer;
  if (words.arguments.empty()) {
    for (const CLI::App* child : words.command->get_subcommands({})) {
      if (child->get_group().empty() || !begins_with(child->get_name(), prefix)) continue;
      answer.candidates.push_back({child->get_name(), child->get_description()});
    }
  }
  const CLI::Option* argument = next_argument(words);
  if (argument == nullptr) return answer;
  Answer more = values(commands, *argument, prefix, live);
  for (Candidate& candidate : more.candidates) {
    const auto& given = words.arguments;
    if (std::find(given.begin(), given.end(), candidate.word) != given.end()) continue;
    answer.candidates.push_back(std::move(candidate));
  }
  answer.directive = more.directive;
  return answer;
}

// The connection flags of an unfinished line; what is wrong with it is left alone.
void store_flags(const Words& words) {
  for (const FlagWord& flag : words.flags) {
    CLI::Option* option = find_flag(*words.command, flag.name);
    if (option == nullptr || option->get_group() != k_common_group) continue;
    try {
      if (option->get_items_expected_max() <= 1) option->clear();
      option->add_result(flag.value.value_or("true"));
      option->run_callback();
    } catch (const CLI::Error&) {
      option->clear();
    }
  }
}

}  // namespace

std::string complete(Commands& commands, std::vector<std::string> words, const LiveNames& live) {
  const std::string current = words.empty() ? std::string() : std::move(words.back());
  if (!words.empty()) words.pop_back();
  const Words sorted = split_words(commands.root(), words);
  store_flags(sorted);

  Answer answer;
  const std::size_t equals = current.find('=');
  if (sorted.open != nullptr) {
    answer = values(commands, *sorted.open, current, live);
  } else if (sorted.has_rest) {
    answer.directive = Directive::files;
  } else if (begins_with(current, "--") && equals != std::string::npos) {
    // Only the value: the shell knows what stands before it.
    if (const CLI::Option* option = find_flag(*sorted.command, current.substr(0, equals))) {
      answer = values(commands, *option, std::string_view(current).substr(equals + 1), live);
    }
  } else if (begins_with(current, "-")) {
    answer = flags(sorted, current);
  } else {
    answer = arguments(commands, sorted, current, live);
  }

  std::string text;
  for (const Candidate& candidate : answer.candidates) {
    text += output::safe_text(candidate.word);
    if (!candidate.about.empty()) text += "\t" + candidate.about;
    text += "\n";
  }
  return text + ":" + std::to_string(static_cast<int>(answer.directive)) + "\n";
}

}  // namespace kai::cli
