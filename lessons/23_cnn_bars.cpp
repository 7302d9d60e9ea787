// Lesson 23: a convolutional network with 119 parameters.
//
// A bar stands or lies somewhere in a picture of 11 x 11 pixels, with holes in it. Two kernels of 2 x 2, one
// behind them, and a sum over what is left tell which. Small enough to look at all of it, and at two ways
// to make it fail: to show it one class after the other, and a ReLU that never answers again.

#include <algorithm>

#include "support/feature_maps.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/autograd.h"
#include "weft/ops/random.h"
#include "weft/ops/reduction.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kSide = 11, kLong = 9, kShort = 3;  // of the picture and of a bar
constexpr int kMove = 2;                          // pixels, at most, from the middle to each side
constexpr float kOn = 0.9f;                       // how likely a pixel of the bar is on
constexpr std::int64_t kTrain = 10'000, kValidation = 1'000;
constexpr std::int64_t kSmokeTrain = 1'000, kSmokeValidation = 200;
constexpr std::int64_t kClasses = 2;  // vertical, horizontal
constexpr std::int64_t kFirst = 2, kSecond = 1;
constexpr int kStarts = 6, kSmokeStarts = 2;
constexpr double kFails = 0.99;       // a start that ends below it has failed
constexpr double kSmokeClaim = 0.95;  // of the bars in the middle, after 100 steps
// Layers up to each activation.
constexpr std::size_t kFirstMaps = 3, kSecondMaps = 6, kFirstLayer = 1, kSecondLayer = 4;
constexpr const char* kNet = "conv 2x2 1-2, pool, conv 2x2 2-1, pool, fc 49-2; cross-entropy, Adam";

/// Pictures [n, 11, 11], the first half vertical bars and the second half horizontal ones, in the middle
/// or moved, as far as the picture has room.
Dataset bars(std::int64_t count, bool moved, Generator& generator) {
  Tensor chances = empty({count, kSide * kSide}), places = empty({count, 2});
  uniform_(chances, 0, 1, generator.next());
  uniform_(places, 0, 1, generator.next());
  const auto chance = chances.to_vector<float>(), place = places.to_vector<float>();
  std::vector<float> pixels(chance.size(), 0.0f);
  std::vector<std::int32_t> labels;
  for (std::int64_t n = 0; n < count; ++n) {
    const bool horizontal = n >= count / 2;
    const int rows = horizontal ? kShort : kLong, columns = horizontal ? kLong : kShort;
    const auto first = [&](int length, float share) {  // row or column of the bar
      const int middle = (kSide - length) / 2, most = moved ? std::min(middle, kMove) : 0;
      return middle - most + static_cast<int>(share * static_cast<float>(2 * most + 1));
    };
    const auto picture = static_cast<std::size_t>(n);
    const int top = first(rows, place[2 * picture]), left = first(columns, place[2 * picture + 1]);
    for (int row = top; row < top + rows; ++row)
      for (int column = left; column < left + columns; ++column) {
        const std::size_t pixel =
            picture * kSide * kSide + static_cast<std::size_t>(row * kSide + column);
        pixels[pixel] = chance[pixel] < kOn ? 1.0f : 0.0f;
      }
    labels.push_back(horizontal ? 1 : 0);
  }
  return {from_values(pixels, {count, kSide, kSide}), from_values(labels, {count}), kClasses};
}

struct Data {
  Dataset train, validation;
};

/// 11 x 11, convolution 10 x 10, pooling 9 x 9, convolution 8 x 8, pooling 7 x 7: every window moves by one.
template <class ActivationLayer>
nn::Sequential network(std::uint64_t seed) {
  Generator generator(seed);
  return nn::Sequential{nn::Unflatten({kSide, kSide, 1}),
                        nn::Conv2d(1, kFirst, 2, generator),
                        ActivationLayer(),
                        nn::MaxPool2d(2, 1),
                        nn::Conv2d(kFirst, kSecond, 2, generator),
                        ActivationLayer(),
                        nn::MaxPool2d(2, 1),
                        nn::Flatten(),
                        nn::Linear(49, kClasses, generator)};
}

const Tensor& weight_of(nn::Sequential& layers, std::size_t layer) {
  return dynamic_cast<nn::Conv2d&>(layers[layer]).weight;
}

/// The largest value that any picture has in the second map. 0 behind a ReLU: the map is dead.
double largest_in_second_map(nn::Sequential& layers, const Dataset& data) {
  const NoGrad no_grad;
  return max(output_of(layers, kSecondMaps, data.gather(0, data.size()).x)).item();
}

/// Both kernels of the first convolution, and the one of the second for each of the two maps.
PictureGroup kernels_of(const std::string& title, nn::Sequential& layers) {
  PictureGroup group{title, kernel_pictures(weight_of(layers, kFirstLayer).to(Device::cpu)), 4};
  for (std::int64_t map = 0; map < kFirst; ++map)
    group.pictures.push_back(
        kernel_pictures(weight_of(layers, kSecondLayer).to(Device::cpu), map)[0]);
  const char* captions[] = {"first, kernel 1", "first, kernel 2", "second, for map 1",
                            "second, for map 2"};
  for (std::size_t i = 0; i < group.pictures.size(); ++i) {
    group.pictures[i].caption = captions[i];
    group.pictures[i].numbers = true;
  }
  return group;
}

/// A map on a scale of its own: dark is its largest value, which the second line says.
Picture scaled(Picture map, const std::string& caption) {
  const float largest = *std::max_element(map.pixels.begin(), map.pixels.end());
  if (largest > 0)
    for (float& pixel : map.pixels) pixel /= largest;
  map.caption = caption + "\nup to " + fixed(static_cast<double>(largest), 2);
  return map;
}

/// What the network makes of one picture, layer by layer.
PictureGroup maps_of(const std::string& title, nn::Sequential& layers, const Dataset& data,
                     std::int64_t sample) {
  const Tensor x = data.gather(sample, 1).x;
  PictureGroup group{title, {}, 6};
  const auto add = [&](std::size_t count, const std::string& caption) {
    for (const Picture& map : channel_pictures(output_of(layers, count, x)))
      group.pictures.push_back(scaled(map, caption));
  };
  add(1, "picture");
  add(kFirstMaps, "first convolution");
  add(kFirstMaps + 1, "pooled");
  add(kSecondMaps, "second convolution");
  return group;
}

}  // namespace

void cnn_bars(Run& run) {
  const Settings& settings = run.settings();
  const bool smoke = run.options().smoke;

  // 1. The data, two sets of them: every bar in the middle, and every bar moved a little.
  const auto make = [&](bool moved) {
    Generator generator(settings.seed);
    const Dataset train_set = bars(smoke ? kSmokeTrain : kTrain, moved, generator);
    const Dataset validation = bars(smoke ? kSmokeValidation : kValidation, moved, generator);
    return Data{train_set.to(run.device()), validation.to(run.device())};
  };
  const Data fixed_place = make(false), moved = make(true);

  run.story(
      "Lesson 23: 119 parameters that tell vertical bars from horizontal ones",
      {"The bar is 3 pixels wide and 9 long, and about every tenth of its pixels is missing. Two "
       "kernels of 2 x 2 go over the picture, one goes over what they find, and a sum over the "
       "last map decides. Leaky ReLU lets a hundredth of what is below zero through.",
       "The pictures are stored sorted: all vertical bars, then all horizontal ones. Learned in "
       "that "
       "order, each epoch ends with horizontal bars alone, and the network leans towards them: "
       "harmless "
       "where all bars are in the middle, not where they move. And with plain ReLU it depends on "
       "the start whether anything is learned at all."});
  run.fact("data", grouped(moved.train.size()) + " training and " +
                       grouped(moved.validation.size()) +
                       " validation pictures of 11 x 11, made from the seed");
  run.fact("model",
           "conv 2x2 1-2, leaky ReLU, pool 2 stride 1, conv 2x2 2-1, leaky ReLU, pool 2 "
           "stride 1, fc 49-2: " +
               grouped(network<nn::LeakyReLU>(0).parameter_count()) + " parameters");

  // 2. The trainings with leaky ReLU: sorted and shuffled, in the middle and moved, the same start.
  const auto train_one = [&](const std::string& name, nn::Sequential& layers, const Data& data,
                             const OrderOfEpoch& order, bool is_main) {
    nn::Sequential model = nn::fuse(layers);
    model.to(run.device());
    Adam adam(model.parameters(), {.lr = settings.lr});
    TrainingLog log = train(run, {.name = name,
                                  .model = model,
                                  .optimizer = adam,
                                  .train = data.train,
                                  .test = data.validation,
                                  .order = order});
    run.save_model(name, model, is_main);
    return log;
  };
  const int starts = smoke ? kSmokeStarts : kStarts;
  run.short_trainings(4 + starts);
  Table table{{"leaky ReLU", "bars in the middle", "bars moved"}};
  Chart losses{
      .title = "Loss of the validation pictures", .x_label = "epoch", .y_label = "cross-entropy"};
  Chart accuracies{.title = "Right answers",
                   .x_label = "epoch",
                   .y_label = "of the validation pictures",
                   .percent_y = true,
                   .key_below = true,
                   .y_low = 0,
                   .y_high = 1.02};
  nn::Sequential layers = network<nn::LeakyReLU>(settings.seed);
  const PictureGroup kernels_before = kernels_of("before the training", layers);
  double shuffled_middle = 0, shuffled_moved = 0;
  for (const bool is_shuffled : {true, false}) {
    const std::string order_name = is_shuffled ? "shuffled" : "sorted";
    std::vector<std::string> row{order_name};
    for (const bool is_moved : {false, true}) {
      const bool is_main = is_shuffled && is_moved;
      nn::Sequential other = network<nn::LeakyReLU>(settings.seed);
      const TrainingLog log = train_one(order_name + (is_moved ? "_moved" : "_middle"),
                                        is_main ? layers : other, is_moved ? moved : fixed_place,
                                        is_shuffled ? shuffled(settings.seed) : in_order, is_main);
      const double share = log.last_test().accuracy();
      if (is_shuffled) (is_moved ? shuffled_moved : shuffled_middle) = share;
      row.push_back(percent(share));
      const std::string title = order_name + (is_moved ? ", moved" : ", in the middle");
      losses.curves.push_back(
          {.name = title, .x = log.epochs(), .y = log.test_losses(), .dashed = !is_moved});
      accuracies.curves.push_back(
          {.name = title, .x = log.epochs(), .y = log.test_accuracies(), .dashed = !is_moved});
    }
    table.push_back(row);
  }
  run.table("Validation accuracy, by the order and the place of the bars", table);

  // 3. Plain ReLU from several starts. Where the second map is zero for every picture, no gradient passes
  //    it: nothing before it can change any more, and the sums behind it know nothing of the picture.
  Table relus{{"plain ReLU", "validation accuracy", "largest value of the second map", "which is"}};
  Chart relu_losses = losses, relu_accuracies = accuracies;
  relu_losses.curves.clear(), relu_accuracies.curves.clear();
  relu_losses.log_y = true;
  int failed = 0, failed_and_dead = 0;
  for (int start = 0; start < starts; ++start) {
    const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(start);
    nn::Sequential relu = network<nn::ReLU>(seed);
    const TrainingLog log =
        train_one("relu_seed_" + std::to_string(seed), relu, moved, shuffled(settings.seed), false);
    const double share = log.last_test().accuracy();
    const double largest = largest_in_second_map(relu, moved.validation);
    const bool is_dead = largest == 0;
    failed += share < kFails ? 1 : 0;
    failed_and_dead += share < kFails && is_dead ? 1 : 0;
    const std::string name = "seed " + std::to_string(seed);
    relus.push_back({name, percent(share), fixed(largest, 4), is_dead ? "dead" : "alive"});
    const std::string curve = name + (is_dead ? ", dead" : "");
    relu_losses.curves.push_back({.name = curve, .x = log.epochs(), .y = log.test_losses()});
    relu_accuracies.curves.push_back(
        {.name = curve, .x = log.epochs(), .y = log.test_accuracies()});
  }
  run.table("Plain ReLU, bars moved, shuffled", relus);

  // 4. The figures.
  run.figure(
      save_pictures(run.figure_file("maps", "What becomes of two bars", kNet),
                    {maps_of("vertical", layers, moved.validation, 0),
                     maps_of("horizontal", layers, moved.validation, moved.validation.size() / 2)},
                    Palette::grey),
      "A vertical and a horizontal bar and their maps, each on its own scale of grey: after the "
      "two "
      "kernels of the first convolution, pooled, and after the second convolution.");
  run.figure(
      save_pictures(run.figure_file("kernels", "All kernels, before and after", kNet),
                    {kernels_before, kernels_of("after the training", layers)}, Palette::diverging),
      "The weights of both convolutions: 8 that look at the picture, 8 that look at the two maps.");
  run.figure(
      save_charts(run.figure_file("training", "Sorted and shuffled, in the middle and moved", kNet),
                  {losses, accuracies}),
      "Loss and accuracy over the validation pictures after each epoch. Sorted, each epoch ends "
      "with half an epoch of horizontal bars alone.");
  run.figure(save_charts(run.figure_file("plain_relu", "Plain ReLU from several starts", kNet),
                         {relu_losses, relu_accuracies}),
             "The same network with plain ReLU. Starts whose second map is zero for every picture "
             "guess for ever.");

  // 5. The claims, and what to try next.
  if (smoke) {
    run.claim("shuffled, at least " + percent(kSmokeClaim) + " of the bars in the middle are right",
              shuffled_middle >= kSmokeClaim, percent(shuffled_middle));
  } else {
    run.claim("shuffled, 100 % of the validation pictures are right, in the middle and moved",
              shuffled_middle == 1 && shuffled_moved == 1,
              percent(shuffled_middle) + " and " + percent(shuffled_moved));
    run.claim("every plain-ReLU start that ends below " + percent(kFails, 0) +
                  " is dead: its second map is zero everywhere",
              failed == failed_and_dead,
              std::to_string(failed) + " of " + std::to_string(starts) + " end below, " +
                  std::to_string(failed_and_dead) + " of them dead");
  }
  run.exercises(
      {"lessons/run 23 --seed 7: other bars and other starts. How many are dead?",
       "lessons/run 23 --batch 100 --lr 0.01: a tenth of the steps, ten times as long. Does the "
       "order matter as much?",
       "lessons/run 23 --lr 0.01: does a larger step help a dead start?"});
}

}  // namespace lessons
