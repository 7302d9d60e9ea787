// Lesson 22: several channels.
//
// A colour picture has three numbers a pixel, a map of sixteen kernels sixteen. A kernel then has weights
// for every channel that comes in, and the sums of the channels are added up: one map. Several kernels give
// several maps, the channels of the next picture.

#include <algorithm>

#include "support/maps.h"
#include "support/text.h"
#include "weft/ops/concatenate.h"
#include "weft/ops/convolution.h"
#include "weft/ops/elementwise.h"

namespace lessons {

using namespace weft;

namespace {

constexpr const char* kNet = "one convolution, kernels made by hand";

// Sums of 27 products of float32 in two orders: each is off by at most 27 2^-24 times the sum of the
// products' sizes, which is at most 24 here (pixels of at most 1, weights whose sizes add up to 3 x 8).
constexpr double kRounding = 2 * 27 * 24 / 16777216.0;

// A kernel [1, r, s, c] from the rows of each channel.
Tensor kernel_of_channels(const std::vector<Rows>& channels, const Run& run) {
  std::vector<Tensor> parts;
  for (const Rows& rows : channels) parts.push_back(kernel_of(rows, run));
  return concatenate(parts, 3);
}

Tensor channel_of(const Tensor& image, int channel, const Run& run) {
  const Picture picture = picture_of_map(image, "", channel);
  return from_values(picture.pixels, {1, image.size(1), image.size(2), 1}).to(run.device());
}

Rows scaled(Rows rows, float factor) {
  for (auto& row : rows)
    for (float& value : row) value *= factor;
  return rows;
}

}  // namespace

void multi_channel_convolution(Run& run) {
  run.story(
      "Lesson 22: several kernels, several channels",
      {"Three kernels over one picture give three maps: the channels of a new picture. Each kernel "
       "answers to what it looks for, vertical edges, horizontal edges, or brightness.",
       "Over a picture of several channels a kernel has weights for each of them. It is nothing "
       "new: each channel is convolved with its own weights, and the results are added up."});
  run.fact("data",
           "5 x 5 pictures of a vertical and a horizontal line, and an anime face in colour");
  run.fact("model", "single convolutions; nothing is trained");

  // 1. One channel in, three out: Sobel's two kernels and one of ones. [3, 3, 3, 1]: kernel, row, column,
  //    channel.
  const Tensor vertical = image_of(vertical_line(), run),
               horizontal = image_of(horizontal_line(), run);
  const std::vector<std::string> names{"vertical edges", "horizontal edges", "ones"};
  const std::vector<Rows> kernels{sobel_x(), sobel_y(), ones(3, 3)};
  std::vector<Tensor> parts;
  for (const Rows& rows : kernels) parts.push_back(kernel_of(rows, run));
  const Tensor three = concatenate(parts, 0);
  const Tensor of_vertical = conv2d(vertical, three), of_horizontal = conv2d(horizontal, three);
  Table answers{{"sum of the map's sizes", "vertical line", "horizontal line"}};
  std::vector<double> to_vertical, to_horizontal;
  for (int k = 0; k < 3; ++k) {
    to_vertical.push_back(strength(channel_of(of_vertical, k, run)));
    to_horizontal.push_back(strength(channel_of(of_horizontal, k, run)));
    answers.push_back({names[static_cast<std::size_t>(k)], fixed(to_vertical.back(), 0),
                       fixed(to_horizontal.back(), 0)});
  }
  run.table("Which kernel answers to which line", answers);

  // 2. Two channels in, the vertical line and the horizontal one: one kernel [1, 3, 3, 2], and three of them.
  const Tensor two = concatenate({vertical, horizontal}, 3);  // [1, 5, 5, 2]
  const Tensor one_kernel = kernel_of_channels({sobel_x(), sobel_y()}, run);
  const Tensor one_out = conv2d(two, one_kernel);
  const Tensor single_x = conv2d(vertical, kernel_of(sobel_x(), run));
  const Tensor single_y = conv2d(horizontal, kernel_of(sobel_y(), run));
  const std::vector<std::string> sums{"edges of both", "ones of both", "vertical minus horizontal"};
  const std::vector<std::vector<Rows>> pairs{
      {sobel_x(), sobel_y()}, {ones(3, 3), ones(3, 3)}, {sobel_x(), scaled(sobel_y(), -1)}};
  std::vector<Tensor> stacked;
  for (const auto& pair : pairs) stacked.push_back(kernel_of_channels(pair, run));
  const Tensor three_out = conv2d(two, concatenate(stacked, 0));  // [1, 3, 3, 3]
  double off_lines = largest_difference(one_out, single_x + single_y);
  for (std::size_t k = 0; k < pairs.size(); ++k)
    off_lines = std::max(off_lines,
                         largest_difference(channel_of(three_out, static_cast<int>(k), run),
                                            conv2d(vertical, kernel_of(pairs[k][0], run)) +
                                                conv2d(horizontal, kernel_of(pairs[k][1], run))));

  // 3. Three channels in: a face in red, green and blue.
  const Tensor face = anime_face(run);
  const std::vector<std::string> face_names{"vertical edges", "horizontal edges", "red minus blue"};
  const Rows all = ones(3, 3), none = scaled(all, 0);
  const std::vector<std::vector<Rows>> face_kernels{{sobel_x(), sobel_x(), sobel_x()},
                                                    {sobel_y(), sobel_y(), sobel_y()},
                                                    {all, none, scaled(all, -1)}};
  std::vector<Tensor> face_parts;
  for (const auto& channels : face_kernels) face_parts.push_back(kernel_of_channels(channels, run));
  const Tensor face_maps = conv2d(face, concatenate(face_parts, 0));
  double off_face = 0;
  for (std::size_t k = 0; k < face_kernels.size(); ++k) {
    Tensor sum;
    for (int channel = 0; channel < 3; ++channel) {
      const Rows& rows = face_kernels[k][static_cast<std::size_t>(channel)];
      const Tensor single = conv2d(channel_of(face, channel, run), kernel_of(rows, run));
      sum = sum.defined() ? sum + single : single;
    }
    off_face = std::max(off_face,
                        largest_difference(channel_of(face_maps, static_cast<int>(k), run), sum));
  }
  run.table("A multi-channel convolution against its channels one by one, added up",
            {{"", "largest difference"},
             {"two channels in, one out",
              shortest(static_cast<float>(largest_difference(one_out, single_x + single_y)))},
             {"two in, three out", shortest(static_cast<float>(off_lines))},
             {"the face: three in, three out", shortest(static_cast<float>(off_face))}});

  // 4. The figures.
  PictureGroup red_green_blue{"a face and its channels", {colour_picture(face, "the face")}, 4};
  for (int channel = 0; channel < 3; ++channel)
    red_green_blue.pictures.push_back(picture_of_map(
        face, std::vector<std::string>{"red", "green", "blue"}[static_cast<std::size_t>(channel)],
        channel));
  const auto maps_of = [](const std::string& title, const Tensor& map,
                          const std::vector<std::string>& captions) {
    PictureGroup group{title, {}, 3, true};
    for (std::size_t k = 0; k < captions.size(); ++k)
      group.pictures.push_back(picture_of_map(map, captions[k], static_cast<int>(k)));
    return group;
  };
  run.figure(
      save_pictures(run.figure_file("face", "A face in colour and three of its maps", kNet),
                    {red_green_blue, maps_of("one map for each kernel", face_maps, face_names)},
                    Palette::diverging),
      "Each of the three kernels has weights for red, green and blue and gives one map: the edges "
      "of all colours together, and where there is more red than blue.");
  const auto with_values = [](PictureGroup group) {
    for (Picture& picture : group.pictures) picture.numbers = true;
    return group;
  };
  const auto line_group = [&](const char* name, const Tensor& line, const Tensor& maps) {
    PictureGroup group = maps_of(name, maps, names);
    group.pictures.insert(group.pictures.begin(), picture_of_map(line, "picture"));
    group.pictures_per_row = 4;
    return with_values(group);
  };
  run.figure(
      save_pictures(run.figure_file("lines", "Which kernel answers to which line", kNet),
                    {line_group("a vertical line", vertical, of_vertical),
                     line_group("a horizontal line", horizontal, of_horizontal)},
                    Palette::diverging),
      "One picture in, three maps out. The kernel for vertical edges is silent on the horizontal "
      "line and the other way round; the ones answer to both.");
  run.figure(
      save_pictures(
          run.figure_file("channels", "Two channels in", kNet),
          {with_values({"one kernel: its two channels, added up",
                        {picture_of_map(single_x, "channel 1 alone"),
                         picture_of_map(single_y, "channel 2 alone"),
                         picture_of_map(one_out, "both at once")},
                        3,
                        true}),
           with_values(maps_of("three kernels over the same two channels", three_out, sums))},
          Palette::diverging),
      "Above: the map of a two-channel kernel is the sum of its channels' maps. Below: three "
      "kernels over the same two channels, one map each.");

  // 5. The claims, and what to try next.
  const bool tells =
      to_vertical[0] > 0 && to_vertical[1] == 0 && to_horizontal[0] == 0 && to_horizontal[1] > 0;
  run.claim("each edge kernel answers to its own line alone", tells,
            "vertical line " + fixed(to_vertical[0], 0) + " and " + fixed(to_vertical[1], 0) +
                ", horizontal line " + fixed(to_horizontal[0], 0) + " and " +
                fixed(to_horizontal[1], 0));
  run.claim("the sum of the single-channel results equals the multi-channel result, up to rounding",
            off_lines == 0 && off_face <= kRounding,
            "differences of at most " + shortest(static_cast<float>(off_lines)) +
                " on the lines and " + shortest(static_cast<float>(off_face)) + " on the face");
  run.exercises(
      {"In lessons/22_multi_channel_convolution.cpp, give the kernel of lesson 20's diagonal to "
       "both lines: which one does it answer to?",
       "A 1 x 1 kernel over three channels mixes colours pixel by pixel. Which weights make a "
       "picture grey? (lessons/support/maps.cpp has them.)",
       "lessons/run 22 --device gpu: the same through the kernels of kernels/convolution."});
}

}  // namespace lessons
