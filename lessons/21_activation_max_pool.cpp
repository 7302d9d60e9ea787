// Lesson 21: activation and pooling.
//
// After a convolution come two steps that learn nothing. ReLU keeps what is above 0, where the picture
// looks like the kernel, and sets the rest to 0. Max pooling keeps the largest number of each small window:
// where exactly it stood matters less, so a picture that moves a little gives nearly the same map.

#include <algorithm>

#include "support/maps.h"
#include "support/text.h"
#include "weft/ops/activation.h"
#include "weft/ops/convolution.h"
#include "weft/ops/pooling.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kDigit = 7;
constexpr const char* kNet = "convolution, ReLU, pooling";

// What becomes of a picture and of the same picture moved.
struct Pair {
  Tensor before, after;
};

template <class Function>
Pair both(const Pair& pair, const Function& f) {
  return {f(pair.before), f(pair.after)};
}

std::string change(const Pair& pair) {
  return strength(pair.before) == 0 ? "nothing before"
                                    : percent(relative_change(pair.before, pair.after), 0);
}

}  // namespace

void activation_max_pool(Run& run) {
  run.story("Lesson 21: ReLU and pooling, and what a small shift changes",
            {"A map has positive numbers where the picture looks like the kernel and negative ones "
             "where it looks like its opposite. ReLU sets the negative ones to 0.",
             "Max pooling then keeps the largest number of each window, average pooling the mean. "
             "When the picture moves by a pixel, an answer that stays within its window leaves the "
             "largest number as it was: the pooled map changes less than the map."});
  run.fact(
      "data",
      "a 4 x 4 picture, the line of lesson 20, and an MNIST digit, each also moved by a column");
  run.fact("model", "single ops; nothing is trained");

  // 1. Sixteen numbers, some of them negative. A window of 2 x 2 walks over them by one, or by two.
  const Rows numbers{{1, 2, 3, -4}, {0, 2, -3, 0}, {0, 2, 3, 1}, {0, 0, 0, 0}};
  const Tensor image = image_of(numbers, run);
  const Tensor kept = relu(image);
  const auto max_by_one = [](const Tensor& x) { return max_pool2d(x, 2, Size2d(1)); };
  const auto max_by_two = [](const Tensor& x) { return max_pool2d(x, 2); };
  const auto mean_by_one = [](const Tensor& x) { return avg_pool2d(x, 2, Size2d(1)); };
  const auto mean_by_two = [](const Tensor& x) { return avg_pool2d(x, 2); };

  // 2. Three pictures and the same ones moved to the left by one column; the map of the last two is that of
  //    lesson 20's kernel for vertical edges, after ReLU.
  const Tensor edges = kernel_of(sobel_x(), run);
  const auto edge_map = [&](const Tensor& x) { return relu(conv2d(x, edges)); };
  const Pair square{image, image_of(shifted_left(numbers), run)};
  const Pair lines{image_of(vertical_line(), run), image_of(shifted_left(vertical_line()), run)};
  const Tensor digit = mnist_digit(run, kDigit);
  Rows digit_rows;
  const auto pixels = digit.to_vector<float>();
  const std::int64_t side = digit.size(2);
  for (std::int64_t row = 0; row < digit.size(1); ++row)
    digit_rows.emplace_back(pixels.begin() + row * side, pixels.begin() + (row + 1) * side);
  const Pair digits{digit, image_of(shifted_left(digit_rows), run)};
  const Pair line_maps = both(lines, edge_map), digit_maps = both(digits, edge_map);

  Table table{{"change of", "4 x 4 picture", "line", "digit"}};
  const auto row = [&](const char* name, const auto& f) {
    table.push_back(
        {name, change(both(square, f)), change(both(line_maps, f)), change(both(digit_maps, f))});
  };
  row("the map", [](const Tensor& x) { return x; });
  row("max pooling, stride 1", max_by_one);
  row("max pooling, stride 2", max_by_two);
  row("average pooling, stride 1", mean_by_one);
  row("average pooling, stride 2", mean_by_two);
  run.table("How much a shift by one column changes (the differences' sizes over the sizes)",
            table);

  // 3. The figures.
  const auto shown = [](const Tensor& x, const char* caption) {
    return with_numbers(picture_of_map(x, caption));
  };
  run.figure(
      save_pictures(run.figure_file("shift", "A digit moves by one column", kNet),
                    {{"as it is",
                      {ink_picture(digits.before, "picture"),
                       picture_of_map(digit_maps.before, "map after ReLU"),
                       picture_of_map(max_by_two(digit_maps.before), "max pooling, stride 2"),
                       picture_of_map(mean_by_two(digit_maps.before), "average pooling, stride 2")},
                      4},
                     {"moved to the left by one column",
                      {ink_picture(digits.after, "picture"),
                       picture_of_map(digit_maps.after, "map after ReLU"),
                       picture_of_map(max_by_two(digit_maps.after), "max pooling, stride 2"),
                       picture_of_map(mean_by_two(digit_maps.after), "average pooling, stride 2")},
                      4}},
                    Palette::diverging),
      "A digit, the map of its vertical edges, and the pooled maps; below, the same of the digit "
      "moved by one column. The maps move, the pooled ones change less.");
  run.figure(save_pictures(run.figure_file("pooling", "Max and average, stride 1 and 2", kNet),
                           {{"", {shown(image, "4 x 4 picture"), shown(kept, "after ReLU")}, 2},
                            {"",
                             {shown(max_by_one(image), "max, stride 1"),
                              shown(max_by_two(image), "max, stride 2"),
                              shown(mean_by_one(image), "average, stride 1"),
                              shown(mean_by_two(image), "average, stride 2")},
                             4}},
                           Palette::diverging),
             "ReLU sets what is negative to 0. A window of 2 x 2 that steps by one gives 3 x 3 "
             "numbers, one that steps by two 2 x 2.");
  const auto stages = [&](const char* name, const Tensor& picture, const Tensor& map) {
    return PictureGroup{name,
                        {shown(picture, "picture"), shown(conv2d(picture, edges), "map"),
                         shown(map, "after ReLU"), shown(max_by_one(map), "max pooling, stride 1")},
                        4};
  };
  run.figure(
      save_pictures(run.figure_file("line", "The line of lesson 20, moved", kNet),
                    {stages("as it is", lines.before, line_maps.before),
                     stages("moved to the left by one column", lines.after, line_maps.after)},
                    Palette::diverging),
      "The line moves by one column, its map moves with it, and half of the pooled map stays.");

  // 4. The claim, and what to try next.
  std::string found;
  bool less = true;
  const auto compare = [&](const char* name, const Pair& maps) {
    const Pair pooled = both(maps, max_by_one);
    less = less &&
           relative_change(pooled.before, pooled.after) < relative_change(maps.before, maps.after);
    found += std::string(found.empty() ? "" : ", ") + name + " " + change(maps) + " to " +
             change(pooled);
  };
  compare("4 x 4 picture", square);
  compare("line", line_maps);
  compare("digit", digit_maps);
  run.claim("a shift by one column changes the max-pooled map (2 x 2, stride 1) less than the map",
            less, found);
  run.exercises(
      {"The line's map is 3 x 3, so that pooling with stride 2 drops its last column. What does "
       "the shift do to the one number that is left? (See the table.)",
       "In lessons/21_activation_max_pool.cpp, shift by two columns: does pooling still help?",
       "Pool before ReLU in place of after it: which numbers change?"});
}

}  // namespace lessons
