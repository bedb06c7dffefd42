// Session: what a command may use while it runs. Made by run(), which owns all of
// it; not synchronised, except progress() and warn(), which any thread may call.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/flags.hpp>
#include <kai/cli/screen.hpp>
#include <kai/kube/client.hpp>
#include <kai/output/style.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace kai::cli {

// How a session reaches its cluster; tests put a client over a FakeTransport here.
using Connect = std::function<Result<std::shared_ptr<kube::Client>>(const kube::ConnectionFlags&,
                                                                    const Context&)>;

class Session {
 public:
  Session(Context& context, const CommonFlags& flags, Screen& screen, Connect connect);

  [[nodiscard]] Context& context() { return m_context; }
  [[nodiscard]] const CommonFlags& flags() const { return m_flags; }
  // For data on stdout: knows whether it may be coloured.
  [[nodiscard]] output::Palette palette() const;

  // Connects on first use; the session owns the client.
  Result<kube::Client*> client();
  // The namespace to work in: -n, else the context's, else "default"; empty with -A.
  Result<std::string> ns();

  // One line about what happens, on stderr, unless --quiet: replaced in place on a
  // terminal, one line per call elsewhere (the same line is not repeated). The next
  // thing printed anywhere takes its place.
  void progress(std::string_view line);
  // A warning on stderr: "warning: …".
  void warn(std::string_view text);
  // A plain line on stderr that stays, unless --quiet.
  void note(std::string_view text);
  // Asks on the terminal for y or N; `yes` or input that is no terminal answers for
  // the user. Errors: cancelled.
  Result<bool> confirm(std::string_view question, bool yes);

 private:
  Context& m_context;
  const CommonFlags& m_flags;
  Screen& m_screen;
  Connect m_connect;
  std::shared_ptr<kube::Client> m_client;
};

}  // namespace kai::cli
