// Lesson 24: a convolutional network.
//
// Lesson 04 gave each pixel a weight of its own for each digit. A convolution looks at a small window
// instead and slides it over the whole picture, with the same few weights everywhere: 16 kernels that look
// for strokes, pooling that lets them lie a little to the side, 32 kernels that look at what the first
// ones found, and one layer of sums that puts it together. Trained on MNIST at 16 x 16.

#include <algorithm>

#include "support/comparison.h"
#include "support/feature_maps.h"
#include "support/mnist.h"
#include "support/networks.h"
#include "support/predictions.h"
#include "support/small_images.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/error.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kClaim = 0.97;       // of the 10,000 test pictures, after 3 epochs
constexpr double kSmokeClaim = 0.30;  // after 50 steps on a few pictures: guessing gets 0.1
constexpr std::int64_t kSmokeTrain = 500, kSmokeTest = 200;
constexpr std::int64_t kKernel = 5, kSmallerKernel = 3;
constexpr int kSmallest = 4;                            // pixels that two poolings leave one of
constexpr std::int64_t kFirst = 16, kSecond = 32;       // kernels of the two convolutions
constexpr std::size_t kFirstMaps = 3, kSecondMaps = 6;  // layers up to the ReLU of each
constexpr const char* kNet = "conv 16, pool, conv 32, pool, fc 10; ReLU, cross-entropy, SGD";

/// Padding keeps the size of a map, each pooling halves it: 16 x 16, 8 x 8, 4 x 4.
nn::Sequential network_of(PictureSize size, std::int64_t kernel, std::int64_t classes,
                          Generator& generator) {
  const std::int64_t features = size.rows / 4 * (size.columns / 4) * kSecond;
  return nn::Sequential{
      nn::Unflatten({size.rows, size.columns, size.channels}),
      nn::Conv2d(size.channels, kFirst, kernel, generator, {.padding = kernel / 2}),
      nn::ReLU(),
      nn::MaxPool2d(2),
      nn::Conv2d(kFirst, kSecond, kernel, generator, {.padding = kernel / 2}),
      nn::ReLU(),
      nn::MaxPool2d(2),
      nn::Flatten(),
      nn::Linear(features, classes, generator)};
}

/// One network of the comparison.
struct Trained {
  std::string name;       // in the table and the figures
  nn::Sequential layers;  // one by one, to look into
  TrainingLog log;
};

Trained train_network(Run& run, const std::string& name, const std::string& title,
                      const nn::Sequential& layers, PictureSize size, const Dataset& train_set,
                      const Dataset& test_set) {
  // The same network with convolution, ReLU and pooling in one op: the same numbers, sooner.
  nn::Sequential model = nn::fuse(layers);
  model.to(run.device());
  Sgd sgd(model.parameters(), {.lr = run.settings().lr});
  run.progress_title(title);
  TrainingLog log = train(
      run, {.name = name, .model = model, .optimizer = sgd, .train = train_set, .test = test_set});
  run.save_model(name, model, name == "kernels_5x5", about_pictures(size, Mnist::kClasses));
  return {title, layers, std::move(log)};
}

const Tensor& weight_of(nn::Sequential& network, std::size_t layer) {
  return dynamic_cast<nn::Conv2d&>(network[layer]).weight;
}

/// The first test picture of a digit that is answered right, and what both convolutions make of it.
void add_maps(std::vector<PictureGroup>& groups, nn::Sequential& network, const Dataset& test,
              const Predictions& answers, int digit) {
  std::int64_t sample = 0;
  for (std::size_t i = answers.size(); i-- > 0;)
    if (answers.truth[i] == digit && answers.right(i)) sample = static_cast<std::int64_t>(i);
  const Tensor x = test.gather(sample, 1).x;  // [1, 256]
  const auto per_row = static_cast<int>(kFirst);
  const std::string name = "a " + std::to_string(digit);
  PictureGroup first{name + ": the picture, and the 16 maps of the first convolution",
                     channel_pictures(output_of(network, 1, x)), per_row + 1, true};
  for (const Picture& map : channel_pictures(output_of(network, kFirstMaps, x)))
    first.pictures.push_back(map);
  PictureGroup second{name + ": the 32 maps of the second convolution", {}, per_row, true};
  for (const Picture& map : channel_pictures(output_of(network, kSecondMaps, x)))
    second.pictures.push_back(enlarged(map, 2));
  groups.insert(groups.end(), {first, second});
}

/// Kernels before the training above the same ones after it, on one colour scale.
PictureGroup before_and_after(const std::string& title, const Tensor& before, const Tensor& after) {
  PictureGroup group{title, kernel_pictures(before), static_cast<int>(kFirst), true};
  for (const Picture& kernel : kernel_pictures(after)) group.pictures.push_back(kernel);
  return group;
}

}  // namespace

nn::Sequential cnn_small_images_network(PictureSize size, std::int64_t classes,
                                        Generator& generator) {
  return network_of(size, kKernel, classes, generator);
}

void cnn_small_images(Run& run) {
  const Settings& settings = run.settings();
  const bool smoke = run.options().smoke;

  // 1. The data: MNIST, and the same pictures at 16 x 16, made once on the device. A pixel of the small
  //    picture is the mean of the rectangle it covers in the large one.
  const Mnist mnist = load_mnist(run.options());
  if (std::min(mnist.rows, mnist.columns) < kSmallest)
    throw FileError(mnist.folder + ": expected pictures of at least " + std::to_string(kSmallest) +
                    " x " + std::to_string(kSmallest) + ", which two poolings halve, found " +
                    std::to_string(mnist.rows) + " x " + std::to_string(mnist.columns));
  const auto part = [&](const Dataset& data, std::int64_t most) {
    return smoke ? data.first(std::min(most, data.size())) : data;
  };
  const Dataset train_large = part(mnist.train, kSmokeTrain).to(run.device());
  const Dataset test_large = part(mnist.test, kSmokeTest).to(run.device());
  const Dataset train_small = small_images(train_large), test_small = small_images(test_large);

  // 2. The models: the network of this lesson, the same with 3 x 3 kernels, and the same for pictures at
  //    their own size. Batches come as rows of pixels; the first layer makes pictures of them again.
  const PictureSize small{kSmallImage.h, kSmallImage.w}, large{mnist.rows, mnist.columns};
  const auto network = [&](PictureSize size, std::int64_t kernel) {
    Generator generator(settings.seed);
    return network_of(size, kernel, Mnist::kClasses, generator);
  };
  nn::Sequential layers = network(small, kKernel);
  const Tensor first_before = weight_of(layers, 1).clone();   // [16, 5, 5, 1]
  const Tensor second_before = weight_of(layers, 4).clone();  // [32, 5, 5, 16]

  run.story(
      "Lesson 24: a convolutional network on small pictures",
      {"Sixteen kernels of 5 x 5 weights slide over the picture, and each writes down where it "
       "found what it looks for. ReLU keeps what was found, pooling keeps the best of each 2 x 2 "
       "places. Thirty-two kernels do the same with the sixteen maps, and one layer adds up what "
       "is left.",
       "The same weights serve every place, so a stroke learned in one corner is known in all of "
       "them. That is why this network needs few parameters for what it can do. Beside it: kernels "
       "of 3 x 3, and the pictures at their own size."});
  run.fact("data", grouped(train_small.size()) + " training and " + grouped(test_small.size()) +
                       " test pictures from " + mnist.folder + ", " + std::to_string(mnist.rows) +
                       " x " + std::to_string(mnist.columns) + " brought to 16 x 16");
  run.fact("model", "conv 5x5 1-16, ReLU, pool 2, conv 5x5 16-32, ReLU, pool 2, fc 512-10: " +
                        grouped(layers.parameter_count()) + " parameters");

  // 3. The trainings. A Sequential that is copied shares its layers, so `layers` are the trained ones.
  const std::string own_size = std::to_string(mnist.rows) + " x " + std::to_string(mnist.columns);
  std::vector<Trained> trained;
  trained.push_back(train_network(run, "kernels_5x5", "5 x 5 kernels, 16 x 16 pictures", layers,
                                  small, train_small, test_small));
  trained.push_back(train_network(run, "kernels_3x3", "3 x 3 kernels, 16 x 16 pictures",
                                  network(small, kSmallerKernel), small, train_small, test_small));
  trained.push_back(train_network(run, "own_size", "5 x 5 kernels, " + own_size + " pictures",
                                  network(large, kKernel), large, train_large, test_large));

  // 4. What came of it.
  Table table{{"", "parameters", "test accuracy", "wrong test pictures", "seconds of training"}};
  for (const Trained& t : trained) {
    const Summary& last = t.log.last_test();
    table.push_back({t.name, grouped(t.layers.parameter_count()), percent(last.accuracy(), 2),
                     grouped(last.rows - last.correct), fixed(t.log.seconds(), 1)});
  }
  run.table("Smaller kernels, larger pictures", table);

  // 5. The figures.
  nn::Sequential fused = nn::fuse(layers);
  const Predictions answers = predict(fused, test_small);
  std::vector<PictureGroup> maps;
  for (const int digit : {2, 7}) add_maps(maps, layers, test_small, answers, digit);
  run.figure(
      save_pictures(run.figure_file("maps", "What the network sees in two digits", kNet), maps,
                    Palette::grey),
      "Two test digits and their maps after each ReLU, before pooling; dark is where a kernel "
      "found what it looks for. The first convolution answers to strokes and edges of one "
      "direction each, the second to parts of the digit; a map that stays white is a kernel that "
      "this digit has nothing for.");
  run.figure(
      save_pictures(run.figure_file("kernels", "The kernels before and after the training", kNet),
                    {before_and_after("first convolution: 16 kernels, before and below them after",
                                      first_before, weight_of(layers, 1)),
                     before_and_after(
                         "second convolution: 32 kernels in two rows, before and below them after",
                         second_before, weight_of(layers, 4))},
                    Palette::diverging),
      "The 16 kernels that look at the picture: noise at the start, edges and strokes in the end. "
      "Of the second convolution each kernel has 25 weights for each of the 16 maps; shown are "
      "those for the first map.");
  Chart loss_chart = smoothed_losses_chart(), accuracy_chart = accuracies_chart();
  for (const Trained& t : trained) {
    loss_chart.curves.push_back(smoothed_losses(t.name, t.log));
    // Without epoch 0, near chance, beside which all others are one line.
    accuracy_chart.curves.push_back(accuracies(t.name, t.log, 1));
  }
  run.figure(
      save_charts(run.figure_file("training", "How the trainings went", kNet),
                  {loss_chart, accuracy_chart}),
      "Left: the loss of each step and its running mean. Right: the share of the test pictures "
      "that is answered right after each epoch.");
  constexpr int kPerRow = 7;
  run.figure(save_pictures(
                 run.figure_file("wrong", "The first test pictures it gets wrong", kNet),
                 {{"",
                   first_pictures(answers, test_small, false, 2 * kPerRow,
                                  static_cast<int>(kSmallImage.h), static_cast<int>(kSmallImage.w)),
                   kPerRow}},
                 Palette::grey),
             "The first test pictures with a wrong answer, as the network sees them, with the "
             "probability of its answer and of the truth.");

  // 6. The claim, and what to try next.
  const double claim = smoke ? kSmokeClaim : kClaim;
  const double found = trained[0].log.last_test().accuracy();
  run.claim("test accuracy of at least " + percent(claim), found >= claim, percent(found, 2));
  run.exercises(
      {"lessons/run 24 --epochs 10: how far does the same network get?",
       "lessons/run 24 --lr 0.01: how many epochs does it take now to the same accuracy?",
       "lessons/run 24 --data DIR: another set in MNIST's format, such as Fashion-MNIST. Are small "
       "pictures still enough?"});
}

}  // namespace lessons
