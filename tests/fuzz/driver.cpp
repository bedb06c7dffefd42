// Runs a fuzz target without libFuzzer: first every file of its corpus, then inputs made of
// them. The inputs depend on nothing but seed, number and corpus, so a failure in CI is one
// command away from a failure at home.
//
//   fuzz_yaml [--runs N] [--seed S] [--only I] [--dictionary FILE] CORPUS|FILE…
//
// --only I runs input I alone. A failure names the input and leaves it in the working
// directory; `fuzz_yaml FILE` runs it again.
#include "property.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <vector>

// Asked by the sanitizers: what they find ends in a signal, which is where we say what ran.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" const char* __asan_default_options() {
  return "abort_on_error=1";
}
extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1";
}
// NOLINTEND(readability-identifier-naming)

namespace {

constexpr std::size_t k_longest = 8192;
constexpr unsigned k_hang_seconds = 60;

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> only;
  std::string dictionary;
  std::vector<std::string> paths;
};

// What runs, for the moment when it fails; no more can be allocated then.
struct Current {
  std::string name;  // of the target
  std::string kept;  // the file that a failing input is left in
  std::string description;
  std::string input;
};
Current& current() {
  static Current it;
  return it;
}

void say(std::string_view text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

void report_current() {
  const Current& it = current();
  say("\nfuzz: failed: ");
  say(it.description);
  const int file = open(it.kept.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0 && write(file, it.input.data(), it.input.size()) >= 0) {
    say("\nfuzz: run it again: ");
    say(it.name);
    say(" ");
    say(it.kept);
  }
  say("\n");
}

void on_signal(int number) {
  if (number == SIGALRM) say("\nfuzz: this input takes more than a minute");
  report_current();
  std::signal(number == SIGALRM ? SIGABRT : number, SIG_DFL);
  std::raise(number == SIGALRM ? SIGABRT : number);
}

// splitmix64: the same numbers everywhere, and a fresh sequence for every input.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t input) : m_state(seed * 0x100000001B3U + input) {}

  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t next() {
    m_state += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = m_state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }

  std::uint64_t m_state;
};

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, const std::vector<std::string>& words)
      : m_corpus(corpus), m_words(words) {}

  [[nodiscard]] std::string make(Random random) const {
    std::string text = any(m_corpus, random);
    for (std::size_t left = 1 + random.below(6); left > 0; --left) change(text, random);
    text.resize(std::min(text.size(), k_longest));
    return text;
  }

 private:
  static const std::string& any(const std::vector<std::string>& texts, Random& random) {
    static const std::string k_none;
    return texts.empty() ? k_none : texts[random.below(texts.size())];
  }

  void change(std::string& text, Random& random) const {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t some =
        std::min(1 + random.below(random.below(4) == 0 ? 200 : 8), text.size() - at);
    switch (random.below(11)) {
      case 0: text.erase(at, some); break;
      case 1: text.insert(at, 1, static_cast<char>(random.below(256))); break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
        break;
      case 4: text.insert(random.below(text.size() + 1), text.substr(at, some)); break;
      case 5: {  // a part of another file
        const std::string& other = any(m_corpus, random);
        const std::size_t from = random.below(other.size() + 1);
        text.insert(at, other.substr(from, random.below(120)));
        break;
      }
      case 6: {  // over and over: for bounds
        const std::string piece = text.substr(at, some);
        std::size_t times = random.below(random.below(8) == 0 ? 700 : 5);
        for (; times > 0 && text.size() < k_longest; --times) text.insert(at, piece);
        break;
      }
      case 7: text.resize(random.below(4) == 0 ? at : text.size()); break;
      case 8: {  // one line behind another
        const std::size_t start = text.rfind('\n', at) + 1;
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > start)
          text.insert(text.rfind('\n', random.below(end)) + 1,
                      text.substr(start, end - start) + "\n");
        break;
      }
      default: text.insert(at, any(m_words, random));
    }
  }

  const std::vector<std::string>& m_corpus;
  const std::vector<std::string>& m_words;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "fuzz: cannot read " << path.string() << '\n';
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// A dictionary of libFuzzer: one "word" a line, with \\, \" and \xAB.
std::vector<std::string> read_dictionary(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  if (!file) {
    std::cerr << "fuzz: cannot read " << path << '\n';
    std::exit(2);
  }
  for (std::string line; std::getline(file, line);) {
    const std::size_t start = line.find('"');
    const std::size_t end = line.rfind('"');
    if (line.starts_with('#') || start == std::string::npos || end <= start) continue;
    std::string word;
    for (std::size_t i = start + 1; i < end; ++i) {
      if (line[i] == '\\' && line[i + 1] == 'x') {
        unsigned byte = 0;
        std::from_chars(line.data() + i + 2, line.data() + i + 4, byte, 16);
        word += static_cast<char>(byte);
        i += 3;
      } else {
        if (line[i] == '\\') ++i;
        word += line[i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

void run(std::string description, std::string input) {
  current().description = std::move(description);
  current().input = std::move(input);
  alarm(k_hang_seconds);
  // A copy of exactly that size, so that reading beyond it is seen.
  const std::vector<std::uint8_t> bytes(current().input.begin(), current().input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    std::cerr << "fuzz: \"" << text << "\" is no number\n";
    std::exit(2);
  }
  return value;
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) {
      options.paths.push_back(argument);
      continue;
    }
    const std::string value = i + 1 < arguments.size() ? arguments[++i] : "";
    if (argument == "--runs") {
      options.runs = number(value);
    } else if (argument == "--seed") {
      options.seed = number(value);
    } else if (argument == "--only") {
      options.only = number(value);
    } else if (argument == "--dictionary") {
      options.dictionary = value;
    } else {
      std::cerr << "fuzz: unknown flag " << argument << '\n';
      std::exit(2);
    }
  }
  return options;
}

std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options({argv + 1, argv + argc});
  current().name = argv[0];
  current().kept = std::filesystem::path(argv[0]).filename().string() + ".failure";
  std::signal(SIGABRT, on_signal);
  std::signal(SIGALRM, on_signal);

  const std::vector<std::string> files = files_of(options.paths);
  if (files.empty()) {
    std::cerr << "fuzz: there is no corpus\n";
    return 2;
  }
  std::vector<std::string> corpus;
  for (const std::string& path : files) {
    corpus.push_back(read_file(path));
    if (!options.only) run(path, corpus.back());
  }
  const std::vector<std::string> words =
      options.dictionary.empty() ? std::vector<std::string>() : read_dictionary(options.dictionary);
  const Mutator mutator(corpus, words);
  const auto run_made = [&](std::uint64_t input) {
    run("input " + std::to_string(input) + " of seed " + std::to_string(options.seed),
        mutator.make(Random(options.seed, input)));
  };
  if (options.only) run_made(*options.only);
  for (std::uint64_t input = 0; !options.only && input < options.runs; ++input) run_made(input);
  alarm(0);
  std::cout << "fuzz: " << corpus.size() << " files and " << (options.only ? 1 : options.runs)
            << " inputs of seed " << options.seed << ", all fine\n";
}
