#include "src/figures/script.h"

#include <charconv>
#include <cmath>

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

Script& Script::label(double x, double y, const std::string& quoted, const char* align,
                      const std::string& options) {
  return line("set label " + quoted + " at screen " + number(x / kWidth) + ", screen " +
              number(1 - y / height_) + " " + align + " " + options);
}

}  // namespace weft::figures
