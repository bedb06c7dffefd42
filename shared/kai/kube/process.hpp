// Runs one program without a shell and collects what it prints.
//
// Internal to kai/kube, for credential plugins. Thread-safe.
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/result.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::kube {

// Where a command is: itself when it is a path, else what PATH finds. A program in the
// current directory is never found by its bare name, whatever PATH says: the directory
// may be somebody else's. nullopt when there is no such program.
std::optional<std::string> find_program(const std::string& command);

// Whether the program shares our terminal. A program that does reads our stdin and
// writes its questions to our stderr; any other gets no input and its stderr is
// collected.
enum class Terminal { shared, none };

struct ProcessOptions {
  std::string command;  // a path, or a name that is looked for in PATH
  std::vector<std::string> args;
  // Added to our own environment; replaces what has the same name.
  std::vector<std::pair<std::string, std::string>> env;
  Terminal terminal = Terminal::none;
  std::chrono::milliseconds time_limit{0};  // 0: none
  std::size_t max_output = std::size_t{1} << 20;
  // A program that still runs after `patience` probably waits for a person: from then
  // on its stderr goes here line by line, beginning with what was collected. A last
  // line without its end is handed over with it.
  std::chrono::milliseconds patience{3'000};
  std::function<void(std::string_view line)> show;
};

struct ProcessResult {
  int exit_code = 0;  // 128 + N when signal N ended it
  std::string out;
  std::string err;
};

// Errors: not_found when there is no such program, io when it cannot be started,
// timed_out and cancelled (the program is killed, and with Terminal::none whatever it
// started too).
Result<ProcessResult> run_process(const ProcessOptions& options, const Cancel& cancel);

}  // namespace kai::kube
