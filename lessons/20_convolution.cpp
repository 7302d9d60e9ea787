// Lesson 20: convolution.
//
// A small kernel of weights slides over a picture; at every place the pixels under it are multiplied by
// its weights and added up. The sums are a new picture, the feature map, or map for short: bright where the
// picture looks like the kernel. Nothing is trained here: the kernels are made by hand.

#include <algorithm>

#include "support/maps.h"
#include "support/text.h"
#include "weft/ops/convolution.h"
#include "weft/window.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kDigit = 7;
constexpr const char* kNet = "one convolution, kernels made by hand";

// A sum of n products of float32, in any order, is off by at most about n 2^-24 times the sum of the
// products' sizes, and two orders by twice that. The digit's and the face's pixels are at most 1, and the
// sizes of the kernels' weights add up to 8, over 9 of them.
constexpr double kRounding = 2 * 9 * 8 / 16777216.0;

struct Method {
  const char* name;
  ConvolutionMethod method;
};

constexpr Method kMethods[] = {
    {"direct: loops over the window", ConvolutionMethod::direct},
    {"im2col: a matrix of windows, then a product", ConvolutionMethod::im2col},
    {"implicit GEMM: the same product without the matrix", ConvolutionMethod::implicit_gemm}};

std::string size_of_map(const Tensor& map) {
  return std::to_string(map.size(1)) + " x " + std::to_string(map.size(2));
}

}  // namespace

void convolution(Run& run) {
  run.story(
      "Lesson 20: a kernel slides over a picture",
      {"A convolution multiplies the pixels under a small window by the weights of a kernel and "
       "adds them up, at every place of the picture. The sums form a map: large where the picture "
       "looks like the kernel, 0 where it is even.",
       "The map's size follows from four numbers: with a picture of n pixels, a kernel of k, a "
       "padding of p zeros on either side and steps of s (the stride) it has (n + 2p - k) / s + 1, "
       "rounded down. Computers do the sums in several ways, and all of them must agree."});
  run.fact("data",
           "a 5 x 5 picture of a line, a 4 x 4 picture of ones, an MNIST digit, an anime face");
  run.fact("model", "single convolutions; nothing is trained");

  // 1. A vertical line and a kernel that looks for vertical edges: left minus right. The map is -4 to the
  //    line's left, 4 to its right, and 0 on it.
  const Tensor line = image_of(vertical_line(), run);
  const Tensor edges_x = kernel_of(sobel_x(), run);
  const Tensor map = conv2d(line, edges_x);

  // 2. Sizes: a kernel of ones over a picture of ones counts the pixels under it; those of the padding
  //    are 0. With a stride it skips places.
  struct Step {
    std::int64_t stride, padding;
  };
  Table sizes{{"4 x 4 picture, 2 x 2 kernel", "formula", "map"}};
  PictureGroup counts{"a 2 x 2 kernel of ones over a 4 x 4 picture of ones", {}, 4};
  bool sizes_agree = true;
  const Rows board = ones(4, 4), kernel = ones(2, 2);
  for (const Step step : {Step{1, 0}, Step{2, 0}, Step{3, 0}, Step{3, 1}}) {
    const Tensor counted = conv2d(image_of(board, run), kernel_of(kernel, run), {},
                                  {.stride = step.stride, .padding = step.padding});
    const std::int64_t expected = (4 + 2 * step.padding - 2) / step.stride + 1;
    const std::string name =
        "stride " + std::to_string(step.stride) + ", padding " + std::to_string(step.padding);
    sizes.push_back({name, std::to_string(expected), size_of_map(counted)});
    counts.pictures.push_back(with_numbers(picture_of_map(counted, name)));
    sizes_agree = sizes_agree && counted.size(1) == expected && counted.size(2) == expected;
  }
  run.table("How large the map is", sizes);

  // 3. The same sums as a matrix product: im2col writes the nine pixels under each of the nine places as a
  //    row; times the kernel as a column they give the map. That is how a convolution becomes a GEMM.
  const Tensor windows = im2col(line, 3);  // [9 places, 9 pixels]

  // 4. Real pictures, and the three ways to compute a map.
  const Tensor digit = mnist_digit(run, kDigit), face = anime_face(run), grey = grey_of(face, run);
  const Tensor edges_y = kernel_of(sobel_y(), run);
  Table methods{{"largest difference from direct", "line", "digit", "face"}};
  double on_line = 0, on_pictures = 0;
  for (const Method& m : kMethods) {
    const auto difference = [&](const Tensor& image) {
      return largest_difference(conv2d(image, edges_x, {}, {.method = m.method}),
                                conv2d(image, edges_x, {}, {.method = ConvolutionMethod::direct}));
    };
    const double line_off = difference(line), digit_off = difference(digit),
                 face_off = difference(grey);
    methods.push_back({m.name, shortest(static_cast<float>(line_off)),
                       shortest(static_cast<float>(digit_off)),
                       shortest(static_cast<float>(face_off))});
    on_line = std::max(on_line, line_off);
    on_pictures = std::max({on_pictures, digit_off, face_off});
  }
  run.table("Three ways to compute the same map", methods);

  // 5. The figures.
  run.figure(
      save_pictures(
          run.figure_file("edges", "A digit and a face, and their edges", kNet),
          {{"pictures",
            {ink_picture(digit, "MNIST, a " + std::to_string(kDigit)),
             colour_picture(face, "anime, used in grey")},
            1},
           {"vertical edges: left minus right",
            {picture_of_map(conv2d(digit, edges_x), ""), picture_of_map(conv2d(grey, edges_x), "")},
            1,
            true},
           {"horizontal edges: above minus below",
            {picture_of_map(conv2d(digit, edges_y), ""), picture_of_map(conv2d(grey, edges_y), "")},
            1,
            true}},
          Palette::diverging, true),
      "A digit and a face beside their maps: red where it is brighter on the left (or above), blue "
      "where it is brighter on the right (or below), white where nothing changes. In the digit ink "
      "counts as bright, as it is stored.");
  run.figure(save_pictures(run.figure_file("line", "A picture, a kernel, and the map", kNet),
                           {{"picture", {with_numbers(picture_of_map(line, "5 x 5"))}, 1},
                            {"kernel", {with_numbers(picture_of_kernel(sobel_x(), "3 x 3"))}, 1},
                            {"map", {with_numbers(picture_of_map(map, "3 x 3"))}, 1}},
                           Palette::diverging, true),
             "The kernel is laid on nine places of the picture. Where the line is under its right "
             "column the sum is -4, under its left column 4, under the middle 0.");
  run.figure(
      save_pictures(run.figure_file("sizes", "Stride and padding", kNet), {counts},
                    Palette::diverging),
      "Each number counts the pixels under the kernel. A larger stride gives a smaller map; the "
      "padding's zeros count nothing.");
  run.figure(
      save_pictures(
          run.figure_file("im2col", "The convolution as a matrix product", kNet),
          {{"im2col: a row for each place",
            {with_numbers(
                picture_of_map(windows.reshape({1, 9, 9, 1}), "9 places, 9 pixels each"))},
            1},
           {"kernel",
            {with_numbers(picture_of_map(edges_x.reshape({1, 9, 1, 1}), "as a column"))},
            1},
           {"map", {with_numbers(picture_of_map(map.reshape({1, 9, 1, 1}), "as a column"))}, 1}},
          Palette::diverging, true),
      "The pixels under the kernel at each of its nine places, row by row, times the kernel's "
      "weights: the nine numbers of the map.");

  // 6. The claims, and what to try next.
  run.claim("every map has the size that the formula gives", sizes_agree,
            sizes_agree ? "all 4" : "not all");
  run.claim(
      "direct, im2col + GEMM and implicit GEMM give the same map: to the last bit on the line, up "
      "to the rounding of sums on the digit and the face",
      on_line == 0 && on_pictures <= kRounding,
      "differences of at most " + shortest(static_cast<float>(on_line)) + " and " +
          shortest(static_cast<float>(on_pictures)));
  run.exercises(
      {"In lessons/20_convolution.cpp, turn the line by one row a column into a diagonal: which of "
       "the two kernels answers now?",
       "Give the kernel of ones the weights 1/4: the map is the mean of each window. What does it "
       "do to the face?",
       "lessons/run 20 --device gpu: the same maps through the kernels of kernels/convolution."});
}

}  // namespace lessons
