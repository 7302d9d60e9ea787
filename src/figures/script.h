#pragma once

// A gnuplot script under construction: the style that all figures share, and how text and numbers are
// written so that gnuplot takes them as they are meant.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/figures/colours.h"
#include "weft/figures.h"

namespace weft::figures {

constexpr int kWidth = 1280;
constexpr int kHeight = 760;
constexpr double kFont = 15, kSmallFont = 13;  // in points

/// 'text' in quotes for gnuplot's enhanced text, where _ ^ { } @ & ~ \ stand for themselves.
std::string text(std::string_view plain);
std::string bold(std::string_view plain, double size);

/// About how many pixels a line of text takes.
double text_width(std::string_view plain, double points);
/// The text in lines of at most about this width, broken at its spaces.
std::vector<std::string> wrapped(std::string_view plain, double points, double width);
/// The size, at most `points`, at which text of this width at `points` fits in `room` pixels.
double fitting(double points, double width, double room, double least = 8);
/// "tc rgb '#rrggbb' font ',13'", for text in front of everything else.
std::string front(const std::string& colour, double points = kFont);

/// The shortest decimal that gives the same number back; NaN where it is not finite.
std::string number(double x);

/// Plots in one command, one below the other.
std::string joined(const char* command, const std::vector<std::string>& plots);

/// One field of a CSV line, quoted where it has to be.
std::string csv_field(std::string_view plain);

/// A part of the figure, in pixels from its top left corner.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

class Script {
 public:
  /// Terminal, output, encoding, title and subtitle.
  explicit Script(const FigureFile& file, int height = kHeight);

  Script& line(const std::string& command) {
    content_ += command;
    content_ += '\n';
    return *this;
  }

  /// A block of inline data, which plots name as $name.
  Script& data(const std::string& name, const std::vector<std::string>& rows);

  /// The next plot's axes stand in this part of the figure.
  Script& margins(const Box& plot);

  /// Coordinates are pixels from the top left corner from here on, and there are no axes.
  Script& pixel_coordinates();

  /// Places given in pixels, whatever the coordinates are: text, whose align is left, center or right...
  Script& label(double x, double y, const std::string& quoted, const char* align = "center",
                const std::string& options = "");
  /// ... a rectangle, `style` saying how it is filled, a line, and a mark.
  Script& rectangle(const Box& box, const std::string& style);
  Script& segment(double x0, double y0, double x1, double y1, const std::string& style);
  Script& mark(double x, double y, const std::string& style);

  /// Computes the lines of equal value of the field in block $`from`, at these values, as block $`to`.
  Script& contour(const std::string& from, const std::string& to, const Field& field,
                  const std::string& levels);

  const std::string& content() const { return content_; }
  int height() const { return height_; }

 private:
  std::string place(double x, double y) const;

  std::string content_;
  int height_;
};

/// Writes the script, runs gnuplot on it, and writes its picture, or the table (CSV) where there is none.
SavedFigure save(const FigureFile& file, const Script& script,
                 const std::function<std::string()>& table);

}  // namespace weft::figures
