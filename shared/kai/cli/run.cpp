#include <kai/cli/arguments.hpp>
#include <kai/cli/complete.hpp>
#include <kai/cli/help.hpp>
#include <kai/cli/live_names.hpp>
#include <kai/cli/report_error.hpp>
#include <kai/cli/run.hpp>
#include <kai/cli/screen.hpp>

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kai::cli {

namespace {

bool wants_color(ColorMode mode, const Terminal& terminal) {
  switch (mode) {
    case ColorMode::always: return true;
    case ColorMode::never: return false;
    case ColorMode::automatic: break;
  }
  return terminal.color;
}

// A terminal that can replace a line: TERM=dumb cannot.
Redraw redraw_mode(const Context& world) {
  const bool dumb = world.env && world.env("TERM").value_or("") == "dumb";
  return world.err_terminal.is_terminal && !dumb ? Redraw::yes : Redraw::no;
}

Log make_log(int verbosity, Screen& screen, output::Palette palette) {
  return Log(verbosity, [&screen, palette](int level, std::string_view line) {
    const std::string safe = output::safe_text(line);
    screen.line(level == 0 ? palette.paint(output::Style::warning, "warning:") + " " + safe : safe);
  });
}

// One run of one plugin; holds what lives as long as the command.
class Program {
 public:
  Program(const Plugin& plugin, Context& world, const Connect& connect)
      : m_plugin(plugin),
        m_world(world),
        m_connect(connect),
        m_screen(world.out, world.err, redraw_mode(world), world.err_terminal.width),
        m_root(std::string(plugin.about), std::string(plugin.binary)),
        m_commands(m_root) {
    m_root.set_help_flag();
    add_common_flags(m_root, m_flags);
    m_root.add_flag("--version", m_show_version, "Print the version")->group("");
    plugin.define(m_commands);
    m_commands.add("options", "List the flags that every command takes", print_options()).group("");
  }

  ExitCode run(std::vector<std::string> words) {
    if (!words.empty() && words.front() == k_complete_word) {
      words.erase(words.begin());
      return complete_words(std::move(words));
    }
    // `help setup` is `setup --help`.
    if (!words.empty() && words.front() == "help") {
      words.erase(words.begin());
      words.emplace_back("--help");
    }
    auto invocation = parse_arguments(m_commands, words);
    if (!invocation) return report(invocation.error());
    if (m_show_version) {
      m_screen.out() << m_plugin.binary << " " << version() << "\n";
      return ExitCode::ok;
    }
    const Action* action = m_commands.action(*invocation->command);
    if (invocation->help || action == nullptr) {
      m_screen.out() << help_text(m_commands, *invocation->command, m_world.out_terminal.width,
                                  output::Palette(m_world.out_terminal.color));
      return ExitCode::ok;
    }

    Context context = make_context();
    Session session(context, m_flags, m_screen, m_connect);
    auto outcome = (*action)(session);
    m_screen.clear();
    return outcome ? *outcome : report(outcome.error());
  }

  void finish() {
    m_screen.clear();
    m_screen.out().flush();
  }

 private:
  // The world as the command sees it: through the screen, and with its flags.
  Context make_context() {
    Context context{m_world.in,  m_screen.out(), m_screen.err(),
                    m_world.env, m_world.clock,  m_world.cancel};
    context.in_is_terminal = m_world.in_is_terminal;
    context.out_terminal = m_world.out_terminal;
    context.err_terminal = m_world.err_terminal;
    context.out_terminal.color = wants_color(m_flags.color, m_world.out_terminal);
    context.err_terminal.color = wants_color(m_flags.color, m_world.err_terminal);
    context.log =
        make_log(m_flags.verbosity, m_screen, output::Palette(context.err_terminal.color));
    m_err_color = context.err_terminal.color;
    return context;
  }

  ExitCode complete_words(std::vector<std::string> words) {
    m_flags.quiet = true;
    Context context = make_context();
    Session session(context, m_flags, m_screen, m_connect);
    m_screen.out() << complete(m_commands, std::move(words), [this, &session](Offer what) {
      if (!m_connect) return std::vector<std::string>();
      m_flags.connection.request_timeout = k_completion_patience;
      return live_names(session, what);
    });
    return ExitCode::ok;
  }

  Action print_options() {
    return [this](Session& session) -> Result<ExitCode> {
      session.context().out << common_flags_text(m_commands, session.context().out_terminal.width,
                                                 session.palette());
      return ExitCode::ok;
    };
  }

  ExitCode report(const Error& error) {
    // The reader of our output went away: there is nobody to tell.
    if (m_world.cancel.requested() && m_world.cancel.signal() == SIGPIPE) {
      return ExitCode::interrupted;
    }
    const bool color = m_err_color.value_or(m_world.err_terminal.color);
    m_screen.err() << error_text(error, m_flags.verbosity, output::Palette(color)) << std::flush;
    // What was cut short by a signal may fail in any way.
    if (m_world.cancel.requested()) return ExitCode::interrupted;
    return static_cast<ExitCode>(exit_code(error));
  }

  const Plugin& m_plugin;
  Context& m_world;
  const Connect& m_connect;
  Screen m_screen;
  CommonFlags m_flags;
  bool m_show_version = false;
  std::optional<bool> m_err_color;
  CLI::App m_root;
  Commands m_commands;
};

}  // namespace

int run(int argc, const char* const* argv, const Plugin& plugin, Context& context,
        const Connect& connect) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  Program program(plugin, context, connect);
  const ExitCode code = program.run(words);
  program.finish();
  return static_cast<int>(code);
}

std::string_view version() {
  return KAI_VERSION;
}

}  // namespace kai::cli
