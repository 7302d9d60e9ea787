#include "src/figures/script.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "weft/error.h"

namespace weft::figures {

std::string text(std::string_view plain) {
  std::string result = "'";
  for (const char c : plain) {
    if (std::string_view("_^{}@&~\\").find(c) != std::string_view::npos) result += '\\';
    if (c == '\'') result += '\'';  // a quote is written twice
    result += c == '\n' ? ' ' : c;
  }
  return result + "'";
}

std::string bold(std::string_view plain, double size) {
  const std::string inner = text(plain);
  return "'{/:Bold*" + number(size) + " " + inner.substr(1, inner.size() - 2) + "}'";
}

std::string number(double x) {
  if (!std::isfinite(x)) return "NaN";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
  return {digits, end};
}

std::string colour_or(const std::string& colour, std::size_t index) {
  if (colour.empty()) return kColours[index % std::size(kColours)];
  if (colour.size() != 7 || colour[0] != '#' ||
      colour.find_first_not_of("0123456789abcdefABCDEF", 1) != std::string::npos)
    throw ShapeError("a figure's colour: expected \"#rrggbb\", got \"" + colour + "\"");
  return colour;
}

std::string joined(const char* command, const std::vector<std::string>& plots) {
  std::string line = command;
  for (std::size_t i = 0; i < plots.size(); ++i) line += (i == 0 ? " " : ", \\\n  ") + plots[i];
  return line;
}

void check_field(const char* function, const Field& field) {
  const bool fits = field.rows > 1 && field.columns > 1 && field.x_low < field.x_high &&
                    field.y_low < field.y_high &&
                    field.values.size() == static_cast<std::size_t>(field.rows) *
                                               static_cast<std::size_t>(field.columns);
  if (!fits)
    throw ShapeError(
        std::string(function) + ": expected " + std::to_string(field.rows) + " x " +
        std::to_string(field.columns) + " values, at least 2 x 2, in a rectangle, got " +
        std::to_string(field.values.size()) + " in [" + number(field.x_low) + ", " +
        number(field.x_high) + "] x [" + number(field.y_low) + ", " + number(field.y_high) + "]");
}

std::vector<std::string> field_rows(const Field& field) {
  std::vector<std::string> rows;
  for (int r = 0; r < field.rows; ++r) {
    std::string row;
    for (int c = 0; c < field.columns; ++c) {
      const double value = static_cast<double>(
          field.values[static_cast<std::size_t>(r) * static_cast<std::size_t>(field.columns) +
                       static_cast<std::size_t>(c)]);
      row += (c == 0 ? "" : " ") + number(std::round(value * 1e5) / 1e5);
    }
    rows.push_back(row);
  }
  return rows;
}

std::string field_using(const Field& field) {
  return "using (" + number(field.x(0)) + "+$1*" +
         number((field.x_high - field.x_low) / field.columns) + "):(" + number(field.y(0)) +
         "+$2*" + number((field.y_high - field.y_low) / field.rows) + "):3";
}

std::string csv_field(std::string_view plain) {
  if (plain.find_first_of(",\"\n") == std::string_view::npos) return std::string(plain);
  std::string result = "\"";
  for (const char c : plain) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

Script::Script(const FigureFile& file, int height) : height_(height) {
  const std::string size = std::to_string(kWidth) + "," + std::to_string(height);
  line("# Draws " + file.name + ".png: gnuplot " + file.name + ".gp");
  line("set term pngcairo size " + size +
       " enhanced font 'Inter,15' background '#ffffff' rounded lw 1.4");
  line("set encoding utf8");
  line("if (!exists('to_stdout')) set output " + text(file.name + ".png"));
  // Positions from the top in pixels, so that they do not move with the plots below them.
  label(40, 34, bold(file.title, 1.25), "left", "front tc rgb '" + std::string(kText) + "'");
  label(40, 66, text(file.subtitle), "left", "front tc rgb '" + std::string(kMuted) + "'");
}

Script& Script::data(const std::string& name, const std::vector<std::string>& rows) {
  line("$" + name + " << END");
  for (const std::string& row : rows) line(row);
  return line("END");
}

Script& Script::pixel_coordinates() {
  line("set lmargin at screen 0; set rmargin at screen 1");
  line("set bmargin at screen 0; set tmargin at screen 1");
  line("set xrange [0:" + std::to_string(kWidth) + "]; set yrange [" + std::to_string(height_) +
       ":0]");
  return line("unset border; unset tics; unset key");
}

Script& Script::contour(const std::string& from, const std::string& to, const Field& field,
                        const std::string& levels) {
  line("set contour base; unset surface; set cntrparam levels " + levels);
  line("set table $" + to);
  line("splot $" + from + " matrix " + field_using(field) + " with lines notitle");
  return line("unset table; unset contour; set surface");
}

Script& Script::label(double x, double y, const std::string& quoted, const char* align,
                      const std::string& options) {
  return line("set label " + quoted + " at screen " + number(x / kWidth) + ", screen " +
              number(1 - y / height_) + " " + align + " " + options);
}

}  // namespace weft::figures
