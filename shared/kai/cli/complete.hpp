// Completion: what could stand at the end of a command line.
//
// Speaks the protocol of Cobra's hidden __complete command, which kubectl (1.26 and
// later) expects from a plugin's completion program and our own shell scripts read:
// one candidate a line, a tab and what it means behind it, and last ":<directive>".
// https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
#pragma once

#include <kai/cli/commands.hpp>

#include <string>
#include <vector>

namespace kai::cli {

// The hidden command: `kubectl-ai-gpu __complete se`.
inline constexpr const char* k_complete_word = "__complete";

// Looks names up in the cluster or the kubeconfig; empty when that fails. Called only
// for values that need it, with the connection flags that the line has so far.
using LiveNames = std::function<std::vector<std::string>(Offer what)>;

// The answer for `words`, of which the last is the one to complete (it may be empty).
// Stores the line's common flags in their targets before it calls `live`.
std::string complete(Commands& commands, std::vector<std::string> words, const LiveNames& live);

}  // namespace kai::cli
