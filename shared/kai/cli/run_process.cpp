// run() in the real world: the process' streams, signals and cluster.
#include <kai/cli/connect.hpp>
#include <kai/cli/process.hpp>
#include <kai/cli/report_error.hpp>
#include <kai/cli/run.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <istream>
#include <ostream>

namespace kai::cli {

int run(int argc, const char* const* argv, const Plugin& plugin) {
  const Cancel cancel;
  catch_signals(cancel);
  const Environment env = process_environment();
  const Terminal out_terminal = terminal_of(STDOUT_FILENO, env);
  const Terminal err_terminal = terminal_of(STDERR_FILENO, env);

  FdInput in_buffer(STDIN_FILENO, cancel);
  FdOutput out_buffer(
      STDOUT_FILENO,
      out_terminal.is_terminal ? FdOutput::Buffering::line : FdOutput::Buffering::full, cancel);
  FdOutput err_buffer(STDERR_FILENO, FdOutput::Buffering::line, cancel);
  std::istream in(&in_buffer);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);

  Context context{
      in,           out,         err, env, system_clock(), cancel, Log(), isatty(STDIN_FILENO) == 1,
      out_terminal, err_terminal};
  const int code = run(argc, argv, plugin, context, connect);
  out.flush();
  err.flush();
  if (out_buffer.error() == EPIPE) die_of_broken_pipe();
  if (out_buffer.error() != 0) {
    const Error error(ErrorCode::io,
                      std::string("cannot write the output: ") + std::strerror(out_buffer.error()));
    err << error_text(error, 0, output::Palette(err_terminal.color)) << std::flush;
    return static_cast<int>(ExitCode::failure);
  }
  return code;
}

int report_failure(const Error& error) {
  FdOutput buffer(STDERR_FILENO, FdOutput::Buffering::line, Cancel());
  std::ostream err(&buffer);
  err << error_text(error, 0,
                    output::Palette(terminal_of(STDERR_FILENO, process_environment()).color));
  return exit_code(error);
}

}  // namespace kai::cli
