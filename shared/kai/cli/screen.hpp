// Screen: stdout and stderr as one picture.
//
// Wraps both streams so that a progress line never mixes with anything else: the
// next character written to either removes it first, and what goes to stderr comes
// after what was written to stdout before. progress() and line() may be called from
// any thread; the streams belong to the command's thread.
#pragma once

#include <memory>
#include <ostream>
#include <string_view>

namespace kai::cli {

// Whether stderr is a terminal on which a line can be replaced.
enum class Redraw { no, yes };

class Screen {
 public:
  // The streams must outlive the screen. `width` is stderr's, in columns; 0: unknown.
  Screen(std::ostream& out, std::ostream& err, Redraw redraw, int width);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] std::ostream& out();
  [[nodiscard]] std::ostream& err();

  // Text from outside is made safe here.
  void progress(std::string_view line);
  // Removes the progress line, if there is one.
  void clear();
  // One whole line on stderr, already safe.
  void line(std::string_view text);

 private:
  class Guard;
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::cli
