#pragma once

// Cells over a rectangle, as blocks of inline data and as images.

#include <cmath>
#include <string>
#include <vector>

#include "src/figures/script.h"
#include "weft/error.h"

namespace weft::figures {

/// Throws ShapeError unless cells cover a rectangle, at least 2 x 2 of them, with a value in each.
template <class Cells>
void check_cells(const std::string& function, const Cells& cells, std::size_t values) {
  const bool fits =
      cells.rows > 1 && cells.columns > 1 && cells.x_low < cells.x_high &&
      cells.y_low < cells.y_high &&
      values == static_cast<std::size_t>(cells.rows) * static_cast<std::size_t>(cells.columns);
  if (!fits)
    throw ShapeError(function + ": expected " + std::to_string(cells.rows) + " x " +
                     std::to_string(cells.columns) +
                     " values, at least 2 x 2, in a rectangle, got " + std::to_string(values) +
                     " in [" + number(cells.x_low) + ", " + number(cells.x_high) + "] x [" +
                     number(cells.y_low) + ", " + number(cells.y_high) + "]");
}

/// The rows of a block of inline data: value(i) of every cell, with five decimals at most.
template <class Cells, class Value>
std::vector<std::string> cell_rows(const Cells& cells, Value value) {
  std::vector<std::string> rows;
  std::size_t i = 0;
  for (int r = 0; r < cells.rows; ++r) {
    std::string row;
    for (int c = 0; c < cells.columns; ++c, ++i)
      row += (c == 0 ? "" : " ") + number(std::round(static_cast<double>(value(i)) * 1e5) / 1e5);
    rows.push_back(row);
  }
  return rows;
}

/// How a plot reads such a block: "using (x):(y):3".
template <class Cells>
std::string cells_using(const Cells& cells) {
  const double width = (cells.x_high - cells.x_low) / cells.columns,
               height = (cells.y_high - cells.y_low) / cells.rows;
  return "using (" + number(cells.x_low + width / 2) + "+$1*" + number(width) + "):(" +
         number(cells.y_low + height / 2) + "+$2*" + number(height) + "):3";
}

}  // namespace weft::figures
