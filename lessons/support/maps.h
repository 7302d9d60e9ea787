#pragma once

// Pictures, kernels and maps of the lessons on convolution, one small matrix each: rows of numbers that
// can be read in the source and drawn with their values.

#include <string>
#include <vector>

#include "support/run.h"
#include "weft/figures.h"
#include "weft/tensor.h"

namespace lessons {

/// Rows of numbers, in the source as on paper.
using Rows = std::vector<std::vector<float>>;

Rows vertical_line();    // 5 x 5 zeros with ones in column 3
Rows horizontal_line();  // the same with row 3
Rows sobel_x();          // 3 x 3: what is left minus what is right, for vertical edges
Rows sobel_y();          // its transpose: for horizontal edges
Rows ones(int rows, int columns);
Rows shifted_left(Rows rows, int columns = 1);  // zeros come in on the right

/// One image [1, h, w, 1], and one kernel [1, r, s, 1], on the run's device.
weft::Tensor image_of(const Rows& rows, const Run& run);
weft::Tensor kernel_of(const Rows& rows, const Run& run);

/// The first test digit that is a `digit`, [1, 28, 28, 1] in 0..1, and the first test face of the anime set,
/// [1, 64, 64, 3] in 0..1: both embedded.
weft::Tensor mnist_digit(const Run& run, int digit);
weft::Tensor anime_face(const Run& run);

/// The same in one channel, [1, h, w, 1]: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), which is a
/// convolution with a 1x1 kernel.
weft::Tensor grey_of(const weft::Tensor& rgb, const Run& run);

/// A digit as black ink on white paper, whatever the figure's palette; a picture of three channels in its
/// colours; and channel `channel` of the first image of a map [n, h, w, c].
weft::Picture ink_picture(const weft::Tensor& digit, const std::string& caption);
weft::Picture colour_picture(const weft::Tensor& rgb, const std::string& caption);
weft::Picture picture_of_map(const weft::Tensor& map, const std::string& caption, int channel = 0);
weft::Picture picture_of_kernel(const Rows& rows, const std::string& caption);

/// The same with the numbers in their cells.
weft::Picture with_numbers(weft::Picture picture);

/// The largest difference of two tensors of one size, and the sum of the differences' sizes over the sum of
/// the sizes of `before`: how much of a map has changed.
double largest_difference(const weft::Tensor& a, const weft::Tensor& b);
double relative_change(const weft::Tensor& before, const weft::Tensor& after);

/// The sum of the sizes of a map's numbers: how strongly a kernel answers.
double strength(const weft::Tensor& map);

}  // namespace lessons
