#include <kai/kube/auth.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/kube/exec_plugin.hpp>

#include <sys/stat.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <tuple>
#include <utility>

namespace kai::kube {

namespace {

// The characters that a header's name may have (RFC 9110 token). '%' is one of them,
// but it begins our own escapes.
bool is_header_name_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string escape_header_name(std::string_view text) {
  constexpr std::string_view k_hex = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    if (is_header_name_char(c)) {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name += '%';
      name += k_hex[byte >> 4];
      name += k_hex[byte & 15];
    }
  }
  return name;
}

http::Headers impersonation_headers(const ClusterAccess& access) {
  http::Headers headers;
  if (access.impersonate_user.empty()) return headers;
  headers.emplace_back("Impersonate-User", access.impersonate_user);
  if (!access.impersonate_uid.empty()) {
    headers.emplace_back("Impersonate-Uid", access.impersonate_uid);
  }
  for (const std::string& group : access.impersonate_groups) {
    headers.emplace_back("Impersonate-Group", group);
  }
  for (const auto& [key, values] : access.impersonate_extra) {
    for (const std::string& value : values) {
      headers.emplace_back("Impersonate-Extra-" + escape_header_name(key), value);
    }
  }
  return headers;
}

// A token in a file, which its owner may replace at any time.
class TokenFile {
 public:
  TokenFile(std::string path, std::string first) : m_path(std::move(path)), m_token(first) {}

  [[nodiscard]] bool is_used() const { return !m_path.empty(); }
  [[nodiscard]] const std::string& token() const { return m_token; }

  // Reads the file if it is another one than last time. While it cannot be read or is
  // empty (it is just being written), the token from before stays. True when the token
  // is a new one.
  bool refresh() {
    struct stat info {};
    if (stat(m_path.c_str(), &info) != 0) return false;
    const Stamp stamp{info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                      info.st_mtim.tv_nsec};
    return stamp != m_stamp && read(stamp);
  }
  // The same without looking at the file's date.
  bool reread() { return read(m_stamp); }

 private:
  using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

  bool read(const Stamp& stamp) {
    std::ifstream file(m_path);
    std::string token;
    if (!(file >> token)) return false;
    m_stamp = stamp;
    return std::exchange(m_token, std::move(token)) != m_token;
  }

  std::string m_path;
  std::string m_token;
  Stamp m_stamp{};
};

}  // namespace

struct Authenticator::State {
  State(const ClusterAccess& cluster_access, const Context& outside)
      : access(cluster_access),
        context(outside),
        impersonation(impersonation_headers(cluster_access)),
        token_file(cluster_access.token_file, cluster_access.token) {}

  Credentials with_authorization(const std::string& value) const {
    Credentials credentials;
    if (!value.empty()) credentials.headers.emplace_back("Authorization", value);
    credentials.headers.insert(credentials.headers.end(), impersonation.begin(),
                               impersonation.end());
    credentials.certificate_pem = access.certificate_pem;
    credentials.key_pem = access.key_pem;
    credentials.generation = generation;
    return credentials;
  }

  Credentials with_token(const std::string& token) const {
    return with_authorization(token.empty() ? token : "Bearer " + token);
  }

  Credentials from_file() {
    if (token_file.refresh()) ++generation;
    return with_token(token_file.token());
  }

  // Everything but plugins.
  Credentials from_kubeconfig() const {
    if (!access.token.empty()) return with_token(access.token);
    if (!access.username.empty() || !access.password.empty()) {
      return with_authorization("Basic " + encode_base64(access.username + ":" + access.password));
    }
    return with_authorization("");
  }

  Credentials from_plugin() const {
    Credentials credentials = with_token(plugin->token);
    if (!plugin->certificate_pem.empty()) {
      credentials.certificate_pem = plugin->certificate_pem;
      credentials.key_pem = plugin->key_pem;
    }
    return credentials;
  }

  [[nodiscard]] bool plugin_is_fresh() const {
    return plugin && (!plugin->expires || context.clock() < *plugin->expires);
  }

  const ClusterAccess& access;
  const Context& context;
  const http::Headers impersonation;

  std::mutex mutex;  // guards all of the below; held while the plugin runs
  TokenFile token_file;
  std::optional<ExecCredential> plugin;
  long generation = 0;

  std::mutex asking_mutex;  // guards the two below
  long runs = 0;
  std::optional<Error> failure;  // of the last run
};

Authenticator::Authenticator(const ClusterAccess& access, const Context& context)
    : m_state(std::make_unique<State>(access, context)) {}

Authenticator::~Authenticator() = default;

Result<Credentials> Authenticator::credentials() {
  if (!m_state->access.exec) {
    const std::lock_guard lock(m_state->mutex);
    return m_state->token_file.is_used() ? m_state->from_file() : m_state->from_kubeconfig();
  }
  long runs_before = 0;
  {
    const std::lock_guard lock(m_state->asking_mutex);
    runs_before = m_state->runs;
  }
  const std::lock_guard lock(m_state->mutex);
  if (m_state->plugin_is_fresh()) return m_state->from_plugin();
  {
    // Whoever waited for a run that failed has its answer: thirty threads must not run
    // a broken plugin thirty times.
    const std::lock_guard asking_lock(m_state->asking_mutex);
    if (m_state->runs > runs_before && m_state->failure) return fail(*m_state->failure);
  }
  auto credential = run_exec_plugin(m_state->access, m_state->context);
  const std::lock_guard asking_lock(m_state->asking_mutex);
  ++m_state->runs;
  if (!credential) {
    m_state->failure = std::move(credential).error();
    return fail(*m_state->failure);
  }
  m_state->failure.reset();
  m_state->plugin = *std::move(credential);
  ++m_state->generation;
  return m_state->from_plugin();
}

std::optional<Credentials> Authenticator::ready() {
  const std::unique_lock lock(m_state->mutex, std::try_to_lock);
  if (!lock.owns_lock()) return std::nullopt;
  if (m_state->access.exec) {
    if (!m_state->plugin_is_fresh()) return std::nullopt;
    return m_state->from_plugin();
  }
  return m_state->token_file.is_used() ? m_state->from_file() : m_state->from_kubeconfig();
}

bool Authenticator::renew(long generation) {
  const std::lock_guard lock(m_state->mutex);
  if (m_state->generation != generation) return true;  // somebody else did already
  if (m_state->access.exec) {
    m_state->plugin.reset();
    return true;
  }
  if (!m_state->token_file.is_used() || !m_state->token_file.reread()) return false;
  ++m_state->generation;
  return true;
}

}  // namespace kai::kube
