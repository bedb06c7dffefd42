// Table: aligned columns for people.
//
// Widths count terminal cells, so wide and combining characters line up. On a
// terminal the table shrinks to its width by shortening the columns that allow it;
// names are never shortened or wrapped. Not synchronised.
#pragma once

#include <kai/output/style.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::output {

enum class Align { left, right };
enum class Shrink { never, may };

struct Column {
  std::string title;
  Align align = Align::left;
  Shrink shrink = Shrink::never;
};

struct Cell {
  std::string text;  // made safe by the table
  Style style = Style::plain;

  Cell() = default;
  Cell(std::string value) : text(std::move(value)) {}
  Cell(std::string_view value) : text(value) {}
  Cell(const char* value) : text(value) {}
  Cell(std::string value, Style cell_style) : text(std::move(value)), style(cell_style) {}
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);
  void add_row(std::vector<Cell> cells);  // missing cells are empty
  [[nodiscard]] bool empty() const { return m_rows.empty(); }
  // Every line ends in a newline; `width` 0 never shortens.
  [[nodiscard]] std::string render(const Palette& palette, int width) const;

 private:
  std::vector<Column> m_columns;
  std::vector<std::vector<Cell>> m_rows;
};

}  // namespace kai::output
