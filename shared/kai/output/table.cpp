#include <kai/output/table.hpp>

#include <algorithm>

namespace kai::output {

namespace {

constexpr int k_gap = 3;         // as kubectl
constexpr int k_narrowest = 10;  // a shortened column still says something

}  // namespace

Table::Table(std::vector<Column> columns) : m_columns(std::move(columns)) {}

void Table::add_row(std::vector<Cell> cells) {
  cells.resize(m_columns.size());
  for (Cell& cell : cells) cell.text = safe_text(cell.text);
  m_rows.push_back(std::move(cells));
}

std::string Table::render(const Palette& palette, int width) const {
  const std::size_t count = m_columns.size();
  std::vector<int> widths(count, 0);
  std::vector<int> least(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const int title = display_width(m_columns[i].title);
    widths[i] = title;
    for (const auto& row : m_rows) widths[i] = std::max(widths[i], display_width(row[i].text));
    least[i] = m_columns[i].shrink == Shrink::may
                   ? std::min(widths[i], std::max(title, k_narrowest))
                   : widths[i];
  }

  // The widest column that may shrink gives up its cells first.
  if (width > 0) {
    int total = k_gap * (static_cast<int>(count) - 1);
    for (const int own : widths) total += own;
    while (total > width) {
      std::size_t widest = count;
      for (std::size_t i = 0; i < count; ++i) {
        if (widths[i] > least[i] && (widest == count || widths[i] > widths[widest])) widest = i;
      }
      if (widest == count) break;
      --widths[widest];
      --total;
    }
  }

  std::string text;
  const auto put_row = [&](const auto& cell_at) {
    std::string line;
    std::size_t pending = 0;  // spaces that only another cell makes real
    for (std::size_t i = 0; i < count; ++i) {
      const auto [raw, style] = cell_at(i);
      const std::string shown = shorten(raw, widths[i]);
      const auto padding = static_cast<std::size_t>(std::max(0, widths[i] - display_width(shown)));
      if (!shown.empty()) {
        line.append(pending + (m_columns[i].align == Align::right ? padding : 0), ' ');
        line += palette.paint(style, shown);
        pending = m_columns[i].align == Align::right ? 0 : padding;
      } else {
        pending += padding;
      }
      pending += k_gap;
    }
    text += line + "\n";
  };
  put_row([this](std::size_t i) {
    return std::pair<std::string_view, Style>(m_columns[i].title, Style::bold);
  });
  for (const auto& row : m_rows) {
    put_row([&row](std::size_t i) {
      return std::pair<std::string_view, Style>(row[i].text, row[i].style);
    });
  }
  return text;
}

}  // namespace kai::output
