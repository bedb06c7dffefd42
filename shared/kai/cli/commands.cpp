#include <kai/cli/commands.hpp>

#include <utility>

namespace kai::cli {

CLI::App& Commands::add(std::string_view name, std::string_view about, Action action) {
  return add(m_root, name, about, std::move(action));
}

CLI::App& Commands::add(CLI::App& parent, std::string_view name, std::string_view about,
                        Action action) {
  CLI::App* command = parent.add_subcommand(std::string(name), std::string(about));
  m_actions[command] = std::move(action);
  return *command;
}

CLI::App& Commands::add_group(std::string_view name, std::string_view about) {
  return *m_root.add_subcommand(std::string(name), std::string(about));
}

void Commands::set_default(Action action) {
  m_actions[&m_root] = std::move(action);
}

void Commands::describe(const CLI::App& command, std::string_view text,
                        std::vector<Example> examples) {
  m_texts[&command] = Text{std::string(text), std::move(examples)};
}

void Commands::offer(const CLI::Option* option, Offer what) {
  m_offers[option] = what;
}

void Commands::take_rest(const CLI::App& command, std::vector<std::string>& rest) {
  m_rests[&command] = &rest;
}

const Action* Commands::action(const CLI::App& command) const {
  const auto found = m_actions.find(&command);
  return found == m_actions.end() ? nullptr : &found->second;
}

const Commands::Text& Commands::text(const CLI::App& command) const {
  static const Text k_none;
  const auto found = m_texts.find(&command);
  return found == m_texts.end() ? k_none : found->second;
}

Offer Commands::offered(const CLI::Option* option) const {
  const auto found = m_offers.find(option);
  return found == m_offers.end() ? Offer::nothing : found->second;
}

std::vector<std::string>* Commands::rest(const CLI::App& command) const {
  const auto found = m_rests.find(&command);
  return found == m_rests.end() ? nullptr : found->second;
}

}  // namespace kai::cli
