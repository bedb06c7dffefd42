#include <kai/cli/screen.hpp>
#include <kai/output/style.hpp>

#include <mutex>
#include <streambuf>
#include <string>

namespace kai::cli {

// What both streams and the progress line share.
struct Screen::State {
  State(std::ostream& real_out, std::ostream& real_err, Redraw redraw_mode, int columns);

  // Call with the mutex held.
  void erase() {
    if (!shown) return;
    err.rdbuf()->sputn("\r\x1b[K", 4);
    shown = false;
  }

  std::recursive_mutex mutex;
  std::ostream& out;
  std::ostream& err;
  Redraw redraw;
  int width;
  bool shown = false;
  std::string last;  // the last progress line
  std::unique_ptr<Guard> out_guard;
  std::unique_ptr<Guard> err_guard;
  std::ostream guarded_out{nullptr};
  std::ostream guarded_err{nullptr};
};

// Passes everything on, and keeps the two streams and the progress line apart.
class Screen::Guard : public std::streambuf {
 public:
  Guard(State& state, bool is_err) : m_state(state), m_is_err(is_err) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const std::lock_guard lock(m_state.mutex);
    begin();
    const std::streamsize written = inner()->sputn(text, size);
    if (m_is_err) m_state.err.flush();
    return written;
  }

  int overflow(int c) override {
    if (c == traits_type::eof()) return traits_type::not_eof(c);
    const char letter = traits_type::to_char_type(c);
    return xsputn(&letter, 1) == 1 ? c : traits_type::eof();
  }

  int sync() override {
    const std::lock_guard lock(m_state.mutex);
    return inner()->pubsync();
  }

 private:
  [[nodiscard]] std::streambuf* inner() const {
    // Named first: GCC 12's sanitizer takes the member of an unnamed choice for a null one's.
    const std::ostream& real = m_is_err ? m_state.err : m_state.out;
    return real.rdbuf();
  }

  void begin() {
    if (m_is_err) m_state.out.flush();
    m_state.erase();
    if (!m_is_err) m_state.err.flush();
  }

  State& m_state;
  bool m_is_err;
};

Screen::State::State(std::ostream& real_out, std::ostream& real_err, Redraw redraw_mode,
                     int columns)
    : out(real_out), err(real_err), redraw(redraw_mode), width(columns) {}

Screen::Screen(std::ostream& out, std::ostream& err, Redraw redraw, int width)
    : m_state(std::make_unique<State>(out, err, redraw, width)) {
  m_state->out_guard = std::make_unique<Guard>(*m_state, false);
  m_state->err_guard = std::make_unique<Guard>(*m_state, true);
  m_state->guarded_out.rdbuf(m_state->out_guard.get());
  m_state->guarded_err.rdbuf(m_state->err_guard.get());
}

Screen::~Screen() {
  clear();
}

std::ostream& Screen::out() {
  return m_state->guarded_out;
}
std::ostream& Screen::err() {
  return m_state->guarded_err;
}

void Screen::progress(std::string_view line) {
  const std::lock_guard lock(m_state->mutex);
  std::string text = output::safe_text(line);
  if (m_state->redraw == Redraw::no) {
    if (text == m_state->last) return;
    m_state->out.flush();
    m_state->err << text << '\n' << std::flush;
  } else {
    // One cell stays free: a full last column makes some terminals wrap.
    const std::string shown = m_state->width > 1 ? output::shorten(text, m_state->width - 1) : text;
    m_state->out.flush();
    m_state->erase();
    m_state->err << shown << std::flush;
    m_state->shown = true;
  }
  m_state->last = std::move(text);
}

void Screen::clear() {
  const std::lock_guard lock(m_state->mutex);
  m_state->erase();
  m_state->err.flush();
}

void Screen::line(std::string_view text) {
  const std::lock_guard lock(m_state->mutex);
  m_state->out.flush();
  m_state->erase();
  m_state->err << text << '\n' << std::flush;
}

}  // namespace kai::cli
