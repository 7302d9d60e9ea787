#include "src/figures/script.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "src/figures/fields.h"

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

double text_width(std::string_view plain, double points) {
  double ems = 0;
  for (const char c : plain) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;  // the rest of a UTF-8 letter
    if (std::string_view("iljtfrI.,:;|!'()[] ").find(c) != std::string_view::npos)
      ems += 0.34;
    else if (std::string_view("mwMW%@").find(c) != std::string_view::npos)
      ems += 0.9;
    else
      ems += c >= 'A' && c <= 'Z' ? 0.7 : 0.6;
  }
  return ems * points * 4 / 3;  // a point is 4/3 pixels
}

std::vector<std::string> wrapped(std::string_view plain, double points, double width) {
  std::vector<std::string> lines(1);
  while (!plain.empty()) {
    const std::size_t end = std::min(plain.find(' '), plain.size());
    const std::string word(plain.substr(0, end));
    plain.remove_prefix(std::min(end + 1, plain.size()));
    std::string& last = lines.back();
    if (!last.empty() && text_width(last + " " + word, points) > width)
      lines.push_back(word);
    else
      last += (last.empty() ? "" : " ") + word;
  }
  return lines;
}

double fitting(double points, double width, double room, double least) {
  return width <= room ? points : std::max(least, std::floor(2 * points * room / width) / 2);
}

std::string front(const std::string& colour, double points) {
  return "front tc rgb '" + colour + "' font '," + number(points) + "'";
}

std::string number(double x) {
  if (!std::isfinite(x)) return "NaN";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
  return {digits, end};
}

std::string joined(const char* command, const std::vector<std::string>& plots) {
  std::string line = command;
  for (std::size_t i = 0; i < plots.size(); ++i) line += (i == 0 ? " " : ", \\\n  ") + plots[i];
  return line;
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
  constexpr double kTitle = 1.25 * kFont, kRoom = kWidth - 80;
  label(40, 34, bold(file.title, fitting(kTitle, text_width(file.title, kTitle), kRoom) / kFont),
        "left", front(kText));
  label(40, 66, text(file.subtitle), "left",
        front(kMuted, fitting(kFont, text_width(file.subtitle, kFont), kRoom)));
}

Script& Script::data(const std::string& name, const std::vector<std::string>& rows) {
  line("$" + name + " << END");
  for (const std::string& row : rows) line(row);
  return line("END");
}

Script& Script::margins(const Box& plot) {
  line("set lmargin at screen " + number(plot.left / kWidth) + "; set rmargin at screen " +
       number(plot.right / kWidth));
  return line("set tmargin at screen " + number(1 - plot.top / height_) +
              "; set bmargin at screen " + number(1 - plot.bottom / height_));
}

Script& Script::pixel_coordinates() {
  margins({0, 0, kWidth, static_cast<double>(height_)});
  line("set xrange [0:" + std::to_string(kWidth) + "]; set yrange [" + std::to_string(height_) +
       ":0]");
  return line("unset border; unset tics; unset key");
}

std::string Script::place(double x, double y) const {
  return "screen " + number(x / kWidth) + ", screen " + number(1 - y / height_);
}

Script& Script::label(double x, double y, const std::string& quoted, const char* align,
                      const std::string& options) {
  return line("set label " + quoted + " at " + place(x, y) + " " + align + " " + options);
}

Script& Script::rectangle(const Box& box, const std::string& style) {
  return line("set object rectangle from " + place(box.left, box.bottom) + " to " +
              place(box.right, box.top) + " " + style);
}

Script& Script::segment(double x0, double y0, double x1, double y1, const std::string& style) {
  return line("set arrow from " + place(x0, y0) + " to " + place(x1, y1) + " nohead front " +
              style);
}

Script& Script::mark(double x, double y, const std::string& style) {
  return line("set label '' at " + place(x, y) + " front point " + style);
}

Script& Script::contour(const std::string& from, const std::string& to, const Field& field,
                        const std::string& levels) {
  line("set contour base; unset surface; set cntrparam levels " + levels);
  line("set table $" + to);
  line("splot $" + from + " matrix " + cells_using(field) + " with lines notitle");
  return line("unset table; unset contour; set surface");
}

}  // namespace weft::figures
