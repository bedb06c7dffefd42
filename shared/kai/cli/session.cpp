#include <kai/cli/session.hpp>

#include <istream>
#include <ostream>
#include <utility>

namespace kai::cli {

Session::Session(Context& context, const CommonFlags& flags, Screen& screen, Connect connect)
    : m_context(context), m_flags(flags), m_screen(screen), m_connect(std::move(connect)) {}

output::Palette Session::palette() const {
  return output::Palette(m_context.out_terminal.color);
}

Result<kube::Client*> Session::client() {
  if (!m_client) {
    KAI_TRY_ASSIGN(m_client, m_connect(m_flags.connection, m_context));
  }
  return m_client.get();
}

void Session::progress(std::string_view line) {
  if (!m_flags.quiet) m_screen.progress(line);
}

void Session::warn(std::string_view text) {
  const output::Palette palette(m_context.err_terminal.color);
  m_screen.line(palette.paint(output::Style::warning, "warning:") + " " + output::safe_text(text));
}

void Session::note(std::string_view text) {
  if (!m_flags.quiet) m_screen.line(output::safe_text(text));
}

Result<bool> Session::confirm(std::string_view question, bool yes) {
  const bool visible = m_context.err_terminal.is_terminal || m_context.out_terminal.is_terminal;
  if (yes || !m_context.in_is_terminal || !visible) return true;
  std::ostream& screen = m_context.err_terminal.is_terminal ? m_context.err : m_context.out;
  for (;;) {
    screen << output::safe_text(question) << " [y/N] " << std::flush;
    std::string answer;
    const bool got = static_cast<bool>(std::getline(m_context.in, answer));
    if (m_context.cancel.requested()) {
      screen << '\n' << std::flush;  // the question's line ends here
      return fail(ErrorCode::cancelled, "interrupted before anything was changed");
    }
    if (!got) {
      screen << '\n' << std::flush;
      return false;
    }
    if (answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes") return true;
    if (answer.empty() || answer == "n" || answer == "N" || answer == "no" || answer == "No") {
      return false;
    }
  }
}

}  // namespace kai::cli
