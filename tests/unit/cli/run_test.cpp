#include <gtest/gtest.h>
#include <kai/cli/run.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace kai::cli {
namespace {

// What the commands of the plugin under test were given.
struct Seen {
  std::string command;
  std::vector<std::string> nodes;
  std::string name;
  std::string selector;
  std::vector<std::string> files;
  Output output = Output::table;
  DryRunMode dry_run = DryRunMode::none;
  bool yes = false;
  bool wait = true;
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};
  int replicas = 0;
  std::vector<std::string> rest;
  CommonFlags flags;
};
Seen g_seen;

Action record(const char* command, ExitCode code = ExitCode::ok) {
  return [command, code](Session& session) -> Result<ExitCode> {
    g_seen.command = command;
    g_seen.flags = session.flags();
    return code;
  };
}

void define(Commands& commands) {
  CLI::App& setup = commands.add("setup", "Set up nodes", record("setup"));
  setup.add_option("NODE", g_seen.nodes, "Nodes to set up");
  add_selector_flag(setup, g_seen.selector);
  add_filename_flag(setup, g_seen.files);
  add_output_flag(setup, g_seen.output, {Output::table, Output::json});
  add_dry_run_flag(setup, g_seen.dry_run);
  add_yes_flag(setup, g_seen.yes);
  add_wait_flags(setup, g_seen.wait, g_seen.timeout);
  setup.add_option("--time-slicing", g_seen.replicas, "Replicas of each GPU")->type_name("N");
  commands.describe(setup, "Longer text.",
                    {{"Every node with a GPU", "kubectl ai demo setup --detected"}});

  commands.add("status", "Show the state", record("status", ExitCode::findings))
      .add_option("NODE", g_seen.nodes, "Nodes to show");

  CLI::App& test = commands.add("test", "Run a pod", record("test"));
  test.add_option("NODE", g_seen.nodes, "Nodes to test");
  commands.take_rest(test, g_seen.rest);

  CLI::App& explain = commands.add_group("explain", "Say why");
  commands.add(explain, "node", "Say why a node is as it is", record("explain node"))
      .add_option("NAME", g_seen.name, "Node")
      ->required();

  commands.add("fail", "Fail", [](Session&) -> Result<ExitCode> {
    Error error(ErrorCode::forbidden, "nodes is forbidden\n\x1b[2Jx");
    error.http_status = 403;
    error.reason = "Forbidden";
    error.causes.push_back({"FieldManagerConflict", ".spec.taints", "conflict with \"other\""});
    error.doing.push_back("listing nodes");
    return fail(std::move(error).with_hint("ask for list on nodes"));
  });
  commands.add("interrupted", "Wait", [](Session& session) -> Result<ExitCode> {
    session.context().cancel.request(2);
    return fail(ErrorCode::unreachable, "connection closed");
  });
  commands.add("late", "Time out", [](Session&) -> Result<ExitCode> {
    return fail(ErrorCode::timed_out, "node gpu-a is not ready after 5m");
  });
}

constexpr Plugin k_plugin{"kubectl-ai-demo", "Try things", define};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

struct World {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Context context{in, out, err};

  World() {
    context.env = [](std::string_view) { return std::nullopt; };
  }

  Outcome run(const std::vector<std::string>& words, const Plugin& plugin = k_plugin) {
    g_seen = Seen();
    std::vector<const char*> argv{"/somewhere/kubectl-ai-demo"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    Outcome outcome;
    outcome.code = cli::run(static_cast<int>(argv.size()), argv.data(), plugin, context, {});
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
  }
};

Outcome run_words(const std::vector<std::string>& words) {
  return World().run(words);
}

TEST(Run, TakesCommonFlagsBeforeAndBehindTheCommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-n", "lab", "--context=c", "setup", "gpu-a"},
        {"setup", "-n", "lab", "gpu-a", "--context=c"},
        {"--context", "c", "setup", "gpu-a", "-n=lab"},
        {"setup", "--namespace=lab", "--context", "c", "gpu-a"},
        {"-nlab", "setup", "--context=c", "--", "gpu-a"}}) {
    const Outcome outcome = run_words(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(g_seen.command, "setup");
    EXPECT_EQ(g_seen.flags.connection.ns, "lab");
    EXPECT_EQ(g_seen.flags.connection.context, "c");
    EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"gpu-a"});
  }
}

TEST(Run, TakesAFlagOfTheCommandBeforeIt) {
  EXPECT_EQ(run_words({"--time-slicing", "4", "setup", "gpu-a"}).code, 0);
  EXPECT_EQ(g_seen.replicas, 4);
  EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"gpu-a"});
}

TEST(Run, ReadsValuesAsKubectlDoes) {
  ASSERT_EQ(run_words({"setup",
                       "--token",
                       "-x-",
                       "-n",
                       "status",
                       "--as-group",
                       "a",
                       "--as-group=b",
                       "-v=6",
                       "-A",
                       "-f",
                       "a.yaml,b.yaml",
                       "-f=-",
                       "--selector=",
                       "-y",
                       "--wait=false",
                       "--timeout=90s",
                       "--dry-run=server",
                       "-o",
                       "json",
                       "--request-timeout",
                       "30",
                       "--color=never",
                       "status"})
                .code,
            0);
  EXPECT_EQ(g_seen.flags.connection.token, "-x-");
  EXPECT_EQ(g_seen.flags.connection.ns, "status");
  EXPECT_EQ(g_seen.flags.connection.as_group, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(g_seen.flags.verbosity, 6);
  EXPECT_TRUE(g_seen.flags.all_namespaces);
  EXPECT_EQ(g_seen.files, (std::vector<std::string>{"a.yaml", "b.yaml", "-"}));
  EXPECT_EQ(g_seen.selector, "");
  EXPECT_TRUE(g_seen.yes);
  EXPECT_FALSE(g_seen.wait);
  EXPECT_EQ(g_seen.timeout, std::chrono::seconds(90));
  EXPECT_EQ(g_seen.dry_run, DryRunMode::server);
  EXPECT_EQ(g_seen.output, Output::json);
  EXPECT_EQ(g_seen.flags.connection.request_timeout, std::chrono::seconds(30));
  EXPECT_EQ(g_seen.flags.color, ColorMode::never);
  EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"status"});  // a node of that name
}

TEST(Run, LastValueWins) {
  ASSERT_EQ(run_words({"-n", "a", "setup", "-n", "b", "-o", "table", "-o", "json", "-A",
                       "--all-namespaces=false"})
                .code,
            0);
  EXPECT_EQ(g_seen.flags.connection.ns, "b");
  EXPECT_EQ(g_seen.output, Output::json);
  EXPECT_FALSE(g_seen.flags.all_namespaces);
}

TEST(Run, DryRunAloneIsClientAndTakesNoWord) {
  ASSERT_EQ(run_words({"setup", "--dry-run", "server"}).code, 0);
  EXPECT_EQ(g_seen.dry_run, DryRunMode::client);
  EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"server"});
}

TEST(Run, SplitsJoinedShortFlags) {
  ASSERT_EQ(run_words({"setup", "-Aynlab", "-ojson"}).code, 0);
  EXPECT_TRUE(g_seen.flags.all_namespaces);
  EXPECT_TRUE(g_seen.yes);
  EXPECT_EQ(g_seen.flags.connection.ns, "lab");
  EXPECT_EQ(g_seen.output, Output::json);
}

TEST(Run, KeepsWhatStandsBehindTwoDashes) {
  ASSERT_EQ(run_words({"test", "gpu-a", "-n", "x", "--", "nvidia-smi", "-L", "--help"}).code, 0);
  EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"gpu-a"});
  EXPECT_EQ(g_seen.rest, (std::vector<std::string>{"nvidia-smi", "-L", "--help"}));
  ASSERT_EQ(run_words({"setup", "--", "-gpu"}).code, 0);
  EXPECT_EQ(g_seen.nodes, std::vector<std::string>{"-gpu"});
}

TEST(Run, FindsNestedCommands) {
  ASSERT_EQ(run_words({"explain", "node", "gpu-a", "-n", "x"}).code, 0);
  EXPECT_EQ(g_seen.command, "explain node");
  EXPECT_EQ(g_seen.flags.connection.ns, "x");
}

TEST(Run, ReturnsTheCommandsExitCode) {
  EXPECT_EQ(run_words({"status"}).code, 1);
  EXPECT_EQ(run_words({"late"}).code, 124);
  EXPECT_EQ(run_words({"fail"}).code, 3);
  EXPECT_EQ(run_words({"interrupted"}).code, 130);
}

TEST(Run, TellsAnErrorOnce) {
  EXPECT_EQ(run_words({"fail"}).err,
            "error: nodes is forbidden\n"
            "  \uFFFDx\n"
            "  .spec.taints: conflict with \"other\"\n"
            "  while listing nodes\n"
            "  hint: ask for list on nodes\n");
  EXPECT_NE(run_words({"fail", "-v1"}).err.find("  the server answered 403 Forbidden\n"),
            std::string::npos);
  EXPECT_NE(run_words({"fail", "--color=always"}).err.find("\x1b[31merror:\x1b[0m nodes"),
            std::string::npos);
}

struct UsageCase {
  std::vector<std::string> words;
  std::string err;
};

class Usage : public testing::TestWithParam<UsageCase> {};

TEST_P(Usage, IsOneClearMessage) {
  const Outcome outcome = run_words(GetParam().words);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, GetParam().err);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(g_seen.command, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, Usage,
    testing::Values(
        UsageCase{{"stauts"},
                  "error: unknown command \"stauts\" for 'kubectl ai demo'\n"
                  "  hint: did you mean status? see 'kubectl ai demo --help'\n"},
        UsageCase{{"frobnicate"},
                  "error: unknown command \"frobnicate\" for 'kubectl ai demo'\n"
                  "  hint: see 'kubectl ai demo --help'\n"},
        UsageCase{{"explain", "nod", "x"},
                  "error: unknown command \"nod\" for 'kubectl ai demo explain'\n"
                  "  hint: did you mean node? see 'kubectl ai demo explain --help'\n"},
        UsageCase{{"setup", "--selektor=a"},
                  "error: unknown flag --selektor\n"
                  "  hint: did you mean --selector? see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"setup", "-z"},
                  "error: unknown flag -z\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"status", "--time-slicing=2"},
                  "error: unknown flag --time-slicing\n"
                  "  hint: it belongs to 'kubectl ai demo setup'; see 'kubectl ai demo status "
                  "--help'\n"},
        UsageCase{{"setup", "-n"},
                  "error: flag -n needs a value\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"setup", "-o", "xml"},
                  "error: flag --output: \"xml\" is none of table, json\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"setup", "--time-slicing=many"},
                  "error: flag --time-slicing does not take \"many\"\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"setup", "--timeout=-5m"},
                  "error: flag --timeout: \"-5m\" is negative\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"setup", "--yes=perhaps"},
                  "error: flag --yes takes no value but true or false, not \"perhaps\"\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"},
        UsageCase{{"explain", "node"},
                  "error: 'kubectl ai demo explain node' needs NAME\n"
                  "  hint: see 'kubectl ai demo explain node --help'\n"},
        UsageCase{{"explain", "node", "a", "b"},
                  "error: unexpected argument \"b\" for 'kubectl ai demo explain node'\n"
                  "  hint: see 'kubectl ai demo explain node --help'\n"},
        UsageCase{{"setup", "--tok\x1b[2Jen"},
                  "error: unknown flag --tok\uFFFDen\n"
                  "  hint: see 'kubectl ai demo setup --help'\n"}));

TEST(Run, PrintsVersionAndHelp) {
  EXPECT_EQ(run_words({"--version"}).out, "kubectl-ai-demo " + std::string(version()) + "\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"setup", "--help"},
                                                {"setup", "-h", "--nonsense"},
                                                {"--help", "setup"}}) {
    const Outcome outcome = run_words(words);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(g_seen.command, "");
    EXPECT_EQ(outcome.out,
              "Set up nodes.\n"
              "\n"
              "Longer text.\n"
              "\n"
              "Usage:\n"
              "  kubectl ai demo setup [NODE...] [flags]\n"
              "\n"
              "Examples:\n"
              "  # Every node with a GPU\n"
              "  kubectl ai demo setup --detected\n"
              "\n"
              "Flags:\n"
              "  -l, --selector SELECTOR   Only what has these labels, such as\n"
              "                            key=value,other!=value,key in (a,b)\n"
              "  -f, --filename FILE       File or directory to read, - for standard input; may\n"
              "                            be repeated\n"
              "  -o, --output table|json   Output format\n"
              "      --dry-run[=none|client|server]\n"
              "                            client: only print the plan; server: let the server\n"
              "                            check it too\n"
              "  -y, --yes                 Do not ask before changing anything\n"
              "      --wait                Wait until everything is ready; --wait=false returns\n"
              "                            at once\n"
              "      --timeout DURATION    Give up waiting after this time (5m); 0: never\n"
              "      --time-slicing N      Replicas of each GPU\n"
              "\n"
              "Use 'kubectl ai demo options' for the flags that every command takes.\n");
  }
}

TEST(Run, ShowsHelpWithoutACommand) {
  const Outcome bare = run_words({});
  EXPECT_EQ(bare.code, 0);
  EXPECT_EQ(bare.out, run_words({"--help"}).out);
  EXPECT_NE(bare.out.find("  kubectl ai demo COMMAND [flags]\n"), std::string::npos);
  EXPECT_NE(run_words({"explain"}).out.find("  node   Say why a node is as it is\n"),
            std::string::npos);
  // Hidden commands stay hidden, and every common flag is listed.
  EXPECT_EQ(bare.out.find("\n  options "), std::string::npos);
  const std::string options = run_words({"options"}).out;
  for (const char* flag : {"--kubeconfig FILE", "-n, --namespace NAME", "-A, --all-namespaces",
                           "--as-group GROUP", "--color auto|always|never", "-v, --v LEVEL"}) {
    EXPECT_NE(options.find(flag), std::string::npos) << flag;
  }
  for (std::size_t at = 0; at < options.size();) {
    const std::size_t end = options.find('\n', at);
    EXPECT_LE(end - at, 80u) << options.substr(at, end - at);
    at = end + 1;
  }
}

}  // namespace
}  // namespace kai::cli
