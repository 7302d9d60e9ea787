#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace weft {
/// @addtogroup figures
/// @{

/// Where a figure goes and what stands above it.
struct FigureFile {
  std::filesystem::path folder;  ///< made where it is missing
  std::string name;              ///< of the files, without an ending
  std::string title;             ///< above it
  std::string subtitle;          ///< net, optimiser, learning rate, batch, seed
};

/// What became of a figure. `script` (NAME.gp, its data inside) is always written.
struct SavedFigure {
  std::filesystem::path script;   ///< NAME.gp
  std::filesystem::path picture;  ///< NAME.png; empty where there is none
  std::filesystem::path table;    ///< NAME.csv, in place of the picture; else empty
  std::string problem;            ///< one sentence on why there is no picture; else empty
};

/// "gnuplot 5.4 patchlevel 4", or one sentence on why there is none.
std::string gnuplot_version();

/// One curve of a chart. With smoothing > 1 the curve is drawn thin and transparent behind its running
/// mean over that many points, fewer towards the ends. Points that are not finite leave a gap.
struct Curve {
  std::string name;  ///< in the key; empty: not in it
  /// The points, as many x as y.
  /// @{
  std::vector<double> x = {}, y = {};
  /// @}
  int smoothing = 0;        ///< points of the running mean; 0 and 1: none
  bool points = false;      ///< marks at the points as well
  bool line = true;         ///< false: marks alone, a scatter
  bool steps = false;       ///< a histogram: y over bins of equal width with x in their middles
  bool dashed = false;      ///< a dashed line
  std::string colour = {};  ///< "#2563eb"; empty: the next of the figures' own eight
};

/// The colour of one of a series in time: pale for share 0, dark for 1.
std::string colour_in_series(double share);

/// Numbers at the middles of cells that cover a rectangle, row by row from its lower left corner.
struct Field {
  /// The rectangle.
  /// @{
  double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
  /// @}
  int columns = 0;            ///< cells from x_low to x_high
  int rows = 0;               ///< cells from y_low to y_high
  std::vector<float> values;  ///< [rows, columns]

  /// The middle of a column or row of cells.
  /// @{
  double x(int column) const { return x_low + (column + 0.5) * (x_high - x_low) / columns; }
  double y(int row) const { return y_low + (row + 0.5) * (y_high - y_low) / rows; }
  /// @}
};

/// A classifier's decisions over a rectangle, cells as a Field's: each cell has the colour of its class,
/// which is that of the curve of the same index, the paler the less sure. A class without points has a
/// curve without any.
struct ClassField {
  /// The rectangle.
  /// @{
  double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
  /// @}
  int columns = 0;                ///< cells from x_low to x_high
  int rows = 0;                   ///< cells from y_low to y_high
  std::vector<int> classes;       ///< [rows, columns], each the index of a curve
  std::vector<float> confidence;  ///< [rows, columns], 0..1
};

/// A stretch of x that is shaded behind the curves.
struct Band {
  double low = 0;           ///< where it begins
  double high = 0;          ///< where it ends
  std::string colour = {};  ///< of the pale tint; empty: grey
};

/// A pair of axes with its curves.
struct Chart {
  std::string title;  ///< above the axes
  /// Below and beside the axes.
  /// @{
  std::string x_label, y_label;
  /// @}
  std::vector<Curve> curves = {};  ///< in the order they are drawn
  bool log_x = false;              ///< a logarithmic x axis
  bool log_y = false;              ///< a logarithmic y axis
  bool percent_y = false;          ///< y is a share, 0..1
  bool key_left = false;           ///< the key on the left side
  bool key_below = false;          ///< the key in a lower corner, for curves that rise
  double y_low = 0;                ///< where the y axis begins
  double y_high = 0;               ///< where it ends; where y_low is: as the curves need it
  /// A classifier's regions behind the curves: the probability of class 1, in the first curve's colour
  /// towards 0 and the second's towards 1, and a line at 0.5. The axes are the field's. No rows: none.
  Field regions = {};
  ClassField class_regions = {};  ///< the same for any number of classes
  std::vector<Band> bands = {};   ///< shaded behind everything else
};

/// Draws charts side by side, at most `charts_per_row` in a row (0: three, four being two and two); those
/// with regions are square. The figure is the higher the more rows there are.
///
/// A key hides no data: it takes the corner that the chart asks for, else another one without curves, else
/// the room below the plot. Where all charts have the same key, or regions, it stands once above them.
/// Throws ShapeError for no charts and for sizes that differ, FileError where a file cannot be written.
SavedFigure save_charts(const FigureFile& file, const std::vector<Chart>& charts,
                        int charts_per_row = 0);

/// The way of a training over a surface: it begins at a ring and ends at a point.
struct Path {
  std::string name;  ///< in the key; empty: not in it
  /// Its points, as many of each.
  /// @{
  std::vector<double> x, y, z;
  /// @}
  std::string colour = {};  ///< as a curve's
};

/// A function of two numbers, z at each (x, y).
struct Surface {
  /// At the axes.
  /// @{
  std::string x_label, y_label, z_label;
  /// @}
  Field z;  ///< the heights
};

/// Draws a surface with the paths over it twice: in space above its contours, and from above, which
/// reads better. Throws ShapeError where the surface is flat or not finite and for sizes that differ, FileError where a
/// file cannot be written.
SavedFigure save_surface(const FigureFile& file, const Surface& surface,
                         const std::vector<Path>& paths);

/// A picture, row by row from its top left corner, with a line or two below it.
struct Picture {
  /// [rows, columns], or [rows, columns, 3] for red, green, blue in 0..1.
  std::vector<float> pixels;
  int rows = 0;              ///< pixels from top to bottom
  int columns = 0;           ///< pixels from left to right
  std::string caption = {};  ///< '\n' begins a second line
  int channels = 1;          ///< 1 or 3
  bool numbers = false;  ///< each pixel's value in it, for one channel and at most 32 x 32 pixels
};

/// Pictures under a title.
struct PictureGroup {
  std::string title;              ///< above them; empty: none
  std::vector<Picture> pictures;  ///< row by row
  int pictures_per_row = 5;       ///< at most
  /// The colours span this group's own values, with a colour bar of its own.
  bool own_scale = false;
};

/// How a number becomes a colour.
enum class Palette {
  grey,      ///< 0 is white and 1 is black, as ink on paper; beyond them white and black
  diverging  ///< blue below 0, white at 0, red above; symmetric, with a colour bar
};

/// Draws groups of pictures on one colour scale, but for those that have their own and for pictures in
/// three channels; side by side or one above the other. Pixels are as large in small pictures as in large
/// ones, unless that makes them too small. The height of the figure follows from what is in it. Throws ShapeError for no
/// groups and for sizes that differ, FileError where a file cannot be written.
SavedFigure save_pictures(const FigureFile& file, const std::vector<PictureGroup>& groups,
                          Palette palette, bool side_by_side = false);

/// Draws counts [true class, predicted class] as a matrix with its numbers in the cells, and each true
/// class's share of right predictions beside it. Throws ShapeError where there are not classes x classes counts, FileError
/// where a file cannot be written.
SavedFigure save_confusion_matrix(const FigureFile& file, const std::vector<std::string>& classes,
                                  const std::vector<std::int64_t>& counts);

/// @}
}  // namespace weft
