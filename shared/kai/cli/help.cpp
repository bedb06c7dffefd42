#include <kai/cli/arguments.hpp>
#include <kai/cli/help.hpp>
#include <kai/output/style.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <vector>

namespace kai::cli {

namespace {

using output::Palette;
using output::Style;

constexpr int k_default_width = 80;
constexpr const char* k_default_group = "Subcommands";  // CLI11's
constexpr int k_widest = 100;                           // longer lines are hard to read

int usable(int width) {
  return width <= 0 ? k_default_width : std::clamp(width, 40, k_widest);
}

// Wrapped, each line break kept.
std::string paragraphs(std::string_view text, int width) {
  std::string wrapped;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    for (const std::string& line : output::wrap(text.substr(at, end - at), width)) {
      wrapped += line + "\n";
    }
    at = end + 1;
  }
  return wrapped;
}

struct Row {
  std::string left;
  std::string right;
};

// Two columns; what is too long on the left pushes its text to the next line.
std::string columns(const std::vector<Row>& rows, int width) {
  int left = 0;
  for (const Row& row : rows) {
    const int own = output::display_width(row.left);
    if (own <= 30) left = std::max(left, own);
  }
  std::string text;
  const std::string indent(static_cast<std::size_t>(left) + 5, ' ');
  for (const Row& row : rows) {
    const int own = output::display_width(row.left);
    std::string head = "  " + row.left;
    if (own > left) {
      text += head + "\n";
      head = indent;
    } else if (!row.right.empty()) {
      head.append(static_cast<std::size_t>(left - own) + 3, ' ');
    }
    for (const std::string& line : output::wrap(row.right, width - left - 5)) {
      text += head + line + "\n";
      head = indent;
    }
  }
  return text;
}

Row flag_row(const CLI::Option& option) {
  std::string left = "    ";
  if (!option.get_snames().empty()) left = "-" + option.get_snames().front() + ", ";
  if (!option.get_lnames().empty()) left += "--" + option.get_lnames().front();
  const std::string value = option.get_type_name();
  if (option.get_items_expected_max() > 0) {
    left += option.get_items_expected_min() > 0 ? " " + value : "[=" + value + "]";
  }
  return {left, option.get_description()};
}

std::vector<Row> flag_rows(const CLI::App& command) {
  std::vector<Row> rows;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    if (option->get_group() == k_common_group) continue;
    rows.push_back(flag_row(*option));
  }
  return rows;
}

std::string usage_line(const Commands& commands, const CLI::App& command) {
  std::string line = typed_name(command);
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    std::string name = shown_name(*option);
    if (option->get_items_expected_max() > 1) name += "...";
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  line += " [flags]";
  if (commands.rest(command) != nullptr) line += " [-- COMMAND [ARG...]]";
  return line;
}

struct Section {
  std::string title;
  std::vector<Row> rows;
};

// The commands below `command` in their groups, in the order of definition.
std::vector<Section> command_sections(const CLI::App& command) {
  std::vector<Section> sections;
  for (const CLI::App* child : command.get_subcommands({})) {
    const std::string& group = child->get_group();
    if (group.empty()) continue;
    const std::string title = group == k_default_group ? "Commands" : group;
    auto section = std::find_if(sections.begin(), sections.end(),
                                [&title](const Section& known) { return known.title == title; });
    if (section == sections.end()) section = sections.insert(sections.end(), Section{title, {}});
    section->rows.push_back({child->get_name(), child->get_description()});
  }
  return sections;
}

std::string heading(const Palette& palette, std::string_view text) {
  return "\n" + palette.paint(Style::bold, text) + "\n";
}

}  // namespace

std::string help_text(const Commands& commands, const CLI::App& command, int columns_wide,
                      const Palette& palette) {
  const int width = usable(columns_wide);
  const Commands::Text& more = commands.text(command);
  std::string text;
  for (const std::string& line : output::wrap(command.get_description() + ".", width))
    text += line + "\n";
  if (!more.description.empty()) {
    text += "\n";
    text += paragraphs(more.description, width);
  }

  const std::vector<Section> subcommands = command_sections(command);

  text += heading(palette, "Usage:");
  if (subcommands.empty() || commands.action(command) != nullptr) {
    text += "  " + usage_line(commands, command) + "\n";
  }
  if (!subcommands.empty()) text += "  " + typed_name(command) + " COMMAND [flags]\n";

  if (!more.examples.empty()) {
    text += heading(palette, "Examples:");
    bool first = true;
    for (const Example& example : more.examples) {
      if (!first) text += "\n";
      first = false;
      text += palette.paint(Style::dim, "  # " + std::string(example.comment)) + "\n";
      text += "  " + std::string(example.line) + "\n";
    }
  }
  for (const Section& section : subcommands) {
    text += heading(palette, section.title + ":") + columns(section.rows, width);
  }
  const std::vector<Row> flags = flag_rows(command);
  if (!flags.empty()) text += heading(palette, "Flags:") + columns(flags, width);

  text += "\n";
  if (!subcommands.empty()) {
    text += "Use '" + typed_name(command) + " COMMAND --help' for more about a command.\n";
  }
  text +=
      "Use '" + typed_name(commands.root()) + " options' for the flags that every command takes.\n";
  return text;
}

std::string common_flags_text(const Commands& commands, int width, const Palette& palette) {
  std::vector<Row> rows;
  for (const CLI::Option* option : commands.root().get_options()) {
    if (option->get_group() == k_common_group) rows.push_back(flag_row(*option));
  }
  return palette.paint(Style::bold, "Flags that every command takes:") + "\n" +
         columns(rows, usable(width));
}

}  // namespace kai::cli
