// kubectl-ai: hands over to its siblings, and has a few commands of its own.
#pragma once

namespace kai::ai {

// `kubectl-ai X …` becomes `kubectl-ai-X …` by exec, so that signals and exit codes
// pass. Flags before X go along. Everything else is a command of ours.
int dispatch(int argc, char** argv);

}  // namespace kai::ai
