#pragma once

// A gnuplot script under construction: the style that all figures share, and how text and numbers are
// written so that gnuplot takes them as they are meant.

#include <string>
#include <string_view>
#include <vector>

#include "weft/figures.h"

namespace weft::figures {

constexpr int kWidth = 1280;
constexpr int kHeight = 760;

/// The curves' colours, in their order.
constexpr const char* kColours[] = {"#2563eb", "#dc2626", "#059669",
                                    "#d97706", "#7c3aed", "#0891b2"};
constexpr const char* kText = "#2b2f36";
constexpr const char* kMuted = "#6b7280";
constexpr const char* kGrid = "#e5e7eb";

/// 'text' in quotes for gnuplot's enhanced text, where _ ^ { } @ & ~ \ stand for themselves.
std::string text(std::string_view plain);
std::string bold(std::string_view plain, double size);

/// The shortest decimal that gives the same number back; NaN where it is not finite.
std::string number(double x);

/// The colour itself, or the one that belongs to place `index` where it is empty. Throws ShapeError for
/// what is no "#rrggbb".
std::string colour_or(const std::string& colour, std::size_t index);

/// Plots in one command, one below the other.
std::string joined(const char* command, const std::vector<std::string>& plots);

/// Throws ShapeError unless a field has as many values as cells, and a rectangle for them.
void check_field(const char* function, const Field& field);
/// Its rows for a block of inline data, and how a plot reads them: "using (x):(y):3".
std::vector<std::string> field_rows(const Field& field);
std::string field_using(const Field& field);

/// One field of a CSV line, quoted where it has to be.
std::string csv_field(std::string_view plain);

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

  /// Coordinates are pixels from the top left corner from here on, and there are no axes.
  Script& pixel_coordinates();

  /// Text at a place given in pixels; align is left, center or right.
  Script& label(double x, double y, const std::string& quoted, const char* align = "center",
                const std::string& options = "");

  /// Computes the lines of equal value of the field in block $`from`, at these values, as block $`to`.
  Script& contour(const std::string& from, const std::string& to, const Field& field,
                  const std::string& levels);

  const std::string& content() const { return content_; }
  int height() const { return height_; }

 private:
  std::string content_;
  int height_;
};

/// Writes the script, runs gnuplot on it, and writes its picture, or `table` (CSV) where there is none.
SavedFigure save(const FigureFile& file, const Script& script, const std::string& table);

}  // namespace weft::figures
