#include <gtest/gtest.h>
#include <kai/cli/complete.hpp>
#include <kai/cli/flags.hpp>

#include <string>
#include <vector>

namespace kai::cli {
namespace {

// A small plugin and the names of a small cluster.
class Completion : public testing::Test {
 protected:
  Completion() {
    m_root.set_help_flag();
    add_common_flags(m_root, m_flags);
    CLI::App& setup = m_commands.add("setup", "Set up nodes", {});
    m_commands.offer(setup.add_option("NODE", m_nodes, "Nodes"), Offer::nodes);
    add_output_flag(setup, m_output, {Output::table, Output::json, Output::yaml});
    add_filename_flag(setup, m_files);
    setup.add_flag("--secret", m_yes, "Hidden")->group("");
    CLI::App& explain = m_commands.add_group("explain", "Say why");
    m_commands.offer(
        m_commands.add(explain, "node", "A node", {}).add_option("NAME", m_name, "Node"),
        Offer::nodes);
    m_commands.add(explain, "pod", "A pod", {});
    m_commands.add("options", "Hidden", {}).group("");
  }

  std::string ask(const std::vector<std::string>& words) {
    return complete(m_commands, words, [this](Offer what) {
      m_asked.push_back(what);
      m_context_when_asked = m_flags.connection.context;
      return what == Offer::nodes ? std::vector<std::string>{"gpu-a", "gpu-b", "cpu-a"}
                                  : std::vector<std::string>{"lab", "default"};
    });
  }

  CommonFlags m_flags;
  CLI::App m_root{"Try things", "kubectl-ai-demo"};
  Commands m_commands{m_root};
  std::vector<std::string> m_nodes;
  std::vector<std::string> m_files;
  std::string m_name;
  Output m_output = Output::table;
  bool m_yes = false;
  std::vector<Offer> m_asked;
  std::string m_context_when_asked;
};

TEST_F(Completion, OffersCommands) {
  EXPECT_EQ(ask({""}), "setup\tSet up nodes\nexplain\tSay why\n:4\n");
  EXPECT_EQ(ask({}), ask({""}));
  EXPECT_EQ(ask({"se"}), "setup\tSet up nodes\n:4\n");
  EXPECT_EQ(ask({"explain", ""}), "node\tA node\npod\tA pod\n:4\n");
  EXPECT_EQ(ask({"-n", "lab", "explain", "p"}), "pod\tA pod\n:4\n");
  EXPECT_EQ(ask({"x"}), ":4\n");
  EXPECT_TRUE(m_asked.empty());  // offline
}

TEST_F(Completion, OffersFlags) {
  EXPECT_EQ(ask({"setup", "--o"}), "--output\tOutput format\n:4\n");
  EXPECT_EQ(ask({"setup", "--he"}), "--help\tShow help\n:4\n");
  EXPECT_EQ(ask({"setup", "--sec"}), ":4\n");
  EXPECT_EQ(ask({"setup", "-o", "json", "--o"}), ":4\n");                         // used already
  EXPECT_EQ(ask({"setup", "-f", "x", "--filen"}).substr(0, 11), "--filename\t");  // repeatable
  EXPECT_EQ(ask({"explain", "node", "--contex"}).substr(0, 10), "--context\t");
}

TEST_F(Completion, OffersValues) {
  EXPECT_EQ(ask({"setup", "-o", ""}), "table\njson\nyaml\n:4\n");
  EXPECT_EQ(ask({"setup", "--output=j"}), "json\n:4\n");
  EXPECT_EQ(ask({"--color", "a"}), "auto\nalways\n:4\n");
  EXPECT_EQ(ask({"setup", "-f", ""}), ":0\n");
  EXPECT_EQ(ask({"--cache-dir", ""}), ":16\n");
  EXPECT_EQ(ask({"--token", ""}), ":4\n");
  EXPECT_EQ(ask({"--nonsense=", ""}), ask({""}));
  EXPECT_TRUE(m_asked.empty());
}

TEST_F(Completion, AsksForNames) {
  EXPECT_EQ(ask({"--context", "other", "setup", "gpu"}), "gpu-a\ngpu-b\n:4\n");
  EXPECT_EQ(m_context_when_asked, "other");
  EXPECT_EQ(ask({"setup", "gpu-a", ""}), "gpu-b\ncpu-a\n:4\n");  // no node twice
  EXPECT_EQ(ask({"-n", ""}), "lab\ndefault\n:4\n");
  EXPECT_EQ(ask({"explain", "node", "gpu-a", ""}), ":4\n");  // takes but one
  EXPECT_EQ(m_asked, (std::vector<Offer>{Offer::nodes, Offer::nodes, Offer::namespaces}));
}

TEST_F(Completion, SurvivesBrokenLines) {
  EXPECT_EQ(ask({"--request-timeout=never", "se"}), "setup\tSet up nodes\n:4\n");
  EXPECT_EQ(ask({"--unknown", "se"}), "setup\tSet up nodes\n:4\n");
  EXPECT_EQ(ask({"setup", "--", ""}), ":0\n");
  EXPECT_EQ(ask({"-"}).substr(0, 13), "--kubeconfig\t");
}

}  // namespace
}  // namespace kai::cli
