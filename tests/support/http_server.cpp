#include "http_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace kai::test {

namespace {

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "the test server {} {}: `ctest -R httpd_build` builds it\n", KAI_TEST_HTTPD,
             why);
  std::exit(1);
}

}  // namespace

HttpServer::HttpServer() {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  if (pipe2(to_child.data(), O_CLOEXEC) != 0 || pipe2(from_child.data(), O_CLOEXEC) != 0) {
    give_up("gets no pipes");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
  posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
  std::string program = KAI_TEST_HTTPD;
  std::array<char*, 2> arguments{program.data(), nullptr};
  const int failed =
      posix_spawn(&m_pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(to_child[0]);
  close(from_child[1]);
  m_stdin = to_child[1];
  if (failed != 0) give_up("cannot be started");

  std::string line;
  std::array<char, 4096> buffer{};
  while (line.find('\n') == std::string::npos) {
    const ssize_t bytes = read(from_child[0], buffer.data(), buffer.size());
    if (bytes <= 0) give_up("ended at once");
    line.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  close(from_child[0]);
  const auto announced = nlohmann::json::parse(line);
  announced.at("ports").get_to(m_ports);
  announced.at("pem").get_to(m_pem);
}

HttpServer::~HttpServer() {
  close(m_stdin);
  waitpid(m_pid, nullptr, 0);
}

int HttpServer::port(std::string_view server) const {
  return m_ports.find(server)->second;
}

std::string HttpServer::url(std::string_view server, std::string_view path) const {
  const bool has_tls = server != "plain" && server != "ssh";
  return fmt::format("{}://127.0.0.1:{}{}", has_tls ? "https" : "http", port(server), path);
}

const std::string& HttpServer::pem(std::string_view name) const {
  return m_pem.find(name)->second;
}

}  // namespace kai::test
