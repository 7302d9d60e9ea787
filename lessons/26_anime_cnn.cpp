// Lesson 26: whose face is it?
//
// Eight drawn characters in colour, 64 x 64 pixels: hair, skin, glasses, pose and background change from
// picture to picture, so no single pixel says who it is. Softmax regression, a hidden layer, two
// convolutions, and three with batch norm: each looks at the same 2,560 faces.

#include <algorithm>
#include <cmath>

#include "support/anime.h"
#include "support/comparison.h"
#include "support/networks.h"
#include "support/predictions.h"
#include "support/text.h"
#include "support/training.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kAhead = 0.25;  // of the two convolutions before softmax regression
constexpr double kClaim = 0.88;  // with batch norm and a third block, of the 640 test faces
constexpr std::int64_t kFirst = 32, kSecond = 64, kThird = 64, kHidden = 128;
constexpr std::size_t kMostInMatrix = 40;  // classes
constexpr std::int64_t kTestBatch = 100;   // the maps of 1,000 faces would take a gigabyte
constexpr const char* kNet = "3 x conv, batch norm, ReLU, pool; fc 128, fc 8; cross-entropy, Adam";

/// Two convolutions of 3 x 3 with an activation and a pooling each, and a hidden layer behind them.
template <class ActivationLayer>
nn::Sequential two_convolutions(PictureSize size, std::int64_t classes, Generator& generator) {
  const std::int64_t features = size.rows / 4 * (size.columns / 4) * kSecond;
  return nn::Sequential{nn::Unflatten({size.rows, size.columns, size.channels}),
                        nn::Conv2d(size.channels, kFirst, 3, generator, {.padding = 1}),
                        ActivationLayer(),
                        nn::MaxPool2d(2),
                        nn::Conv2d(kFirst, kSecond, 3, generator, {.padding = 1}),
                        ActivationLayer(),
                        nn::MaxPool2d(2),
                        nn::Flatten(),
                        nn::Linear(features, kHidden, generator),
                        ActivationLayer(),
                        nn::Linear(kHidden, classes, generator)};
}

nn::Sequential softmax_regression(PictureSize size, std::int64_t classes, Generator& generator) {
  return nn::Sequential{nn::Linear(size.pixels(), classes, generator)};
}

nn::Sequential hidden_layer(PictureSize size, std::int64_t classes, Generator& generator) {
  return nn::Sequential{nn::Linear(size.pixels(), kHidden, generator), nn::ReLU(),
                        nn::Linear(kHidden, classes, generator)};
}

/// One network of the comparison.
struct Candidate {
  const char* name;  // in metrics.csv
  const char* title;
  nn::Sequential (*network)(PictureSize, std::int64_t, Generator&);
  bool is_saved;  // the weights of the large hidden layers would take 23 megabytes
};
constexpr std::size_t kRegression = 0, kTwo = 2, kBest = 4;
constexpr Candidate kCandidates[] = {
    {"softmax", "softmax regression", softmax_regression, true},
    {"hidden_layer", "hidden layer of 128", hidden_layer, false},
    {"cnn", "two convolutions", two_convolutions<nn::ReLU>, false},
    {"cnn_leaky_relu", "two, leaky ReLU", two_convolutions<nn::LeakyReLU>, false},
    {"cnn_batch_norm", "three, batch norm", anime_cnn_network, true},
};

/// A face of the set in its colours.
Picture face_of(const Dataset& faces, std::int64_t sample, const std::string& caption) {
  const auto bytes = faces.inputs().rows(sample, sample + 1).to_vector<std::uint8_t>();
  Picture face{{},
               static_cast<int>(faces.inputs().size(1)),
               static_cast<int>(faces.inputs().size(2)),
               caption,
               static_cast<int>(faces.inputs().size(3))};
  for (const std::uint8_t byte : bytes) face.pixels.push_back(static_cast<float>(byte) / 255);
  return face;
}

/// The first faces of each class, a column each.
PictureGroup faces_by_name(const Anime& anime, int of_each) {
  constexpr std::size_t kMostNames = 8;
  const std::size_t names = std::min(kMostNames, anime.classes.size());
  const auto labels = anime.train.labels().to_vector<std::int32_t>();
  PictureGroup group{"", {}, static_cast<int>(names)};
  for (int row = 0; row < of_each; ++row)
    for (std::size_t name = 0; name < names; ++name) {
      int seen = 0;
      for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] == static_cast<std::int32_t>(name) && seen++ == row)
          group.pictures.push_back(
              face_of(anime.train, static_cast<std::int64_t>(i), anime.classes[name]));
    }
  return group;
}

/// The first test faces that were answered right, or wrong: who it is, and who the network says.
PictureGroup answered_faces(const Anime& anime, const Predictions& answers, bool right, int count,
                            int per_row) {
  PictureGroup group{right ? "right" : "wrong", {}, per_row};
  for (std::size_t i = 0; i < answers.size() && static_cast<int>(group.pictures.size()) < count;
       ++i) {
    if (answers.right(i) != right) continue;
    const auto name = [&](int of) { return anime.classes[static_cast<std::size_t>(of)]; };
    group.pictures.push_back(face_of(anime.test, static_cast<std::int64_t>(i),
                                     name(answers.truth[i]) + "\nsays " + name(answers.said[i]) +
                                         ", " +
                                         percent(answers.probability(i, answers.said[i]), 0)));
  }
  return group;
}

/// Kernels [32, 3, 3, 3] as colours: grey is no weight, a colour is what the kernel looks for.
PictureGroup colour_kernels(const std::string& title, const Tensor& weight) {
  const auto values = weight.to_vector<float>();
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  constexpr int kPerRow = 16;
  PictureGroup group{title, {}, kPerRow};
  const std::int64_t length = weight.size() / weight.size(0);
  for (std::int64_t kernel = 0; kernel < weight.size(0); ++kernel) {
    Picture picture{{},
                    static_cast<int>(weight.size(1)),
                    static_cast<int>(weight.size(2)),
                    "",
                    static_cast<int>(weight.size(3))};
    for (std::int64_t i = 0; i < length; ++i)
      picture.pixels.push_back(0.5f +
                               0.5f * values[static_cast<std::size_t>(kernel * length + i)] / most);
    group.pictures.push_back(picture);
  }
  return group;
}

}  // namespace

nn::Sequential anime_cnn_network(PictureSize size, std::int64_t classes, Generator& generator) {
  const std::int64_t features = size.rows / 8 * (size.columns / 8) * kThird;
  return nn::Sequential{nn::Unflatten({size.rows, size.columns, size.channels}),
                        nn::Conv2d(size.channels, kFirst, 3, generator, {.padding = 1}),
                        nn::BatchNorm(kFirst),
                        nn::ReLU(),
                        nn::MaxPool2d(2),
                        nn::Conv2d(kFirst, kSecond, 3, generator, {.padding = 1}),
                        nn::BatchNorm(kSecond),
                        nn::ReLU(),
                        nn::MaxPool2d(2),
                        nn::Conv2d(kSecond, kThird, 3, generator, {.padding = 1}),
                        nn::BatchNorm(kThird),
                        nn::ReLU(),
                        nn::MaxPool2d(2),
                        nn::Flatten(),
                        nn::Linear(features, kHidden, generator),
                        nn::ReLU(),
                        nn::Linear(kHidden, classes, generator)};
}

void anime_cnn(Run& run) {
  const Settings& settings = run.settings();
  const bool smoke = run.options().smoke;

  // 1. The data: red, green and blue of each pixel, as bytes; they become numbers from -1 to 1 as a batch
  //    is drawn.
  const Anime anime = load_anime(run.options());
  const Dataset train_set = anime.train.to(run.device());
  const Dataset test_set = anime.test.to(run.device());
  const auto classes = static_cast<std::int64_t>(anime.classes.size());
  const PictureSize size{anime.rows, anime.columns, anime.train.inputs().size(3)};

  run.story(
      "Lesson 26: whose face is it?",
      {"A character here is a haircut and, most of the time, its own eyes. Hair colour, skin, "
       "mouth, glasses, pose, size and background differ from picture to picture. Softmax "
       "regression asks each pixel for its colour; what it would have to ask is which shape is "
       "there, wherever it is.",
       "Convolutions ask that. The first one finds edges and spots of colour, the second, behind "
       "the pooling, puts them together to strands and corners. A third and batch norm let it "
       "learn more, and sooner, with fewer weights: a third pooling leaves the hidden layer less "
       "to look at."});
  run.fact("data", grouped(train_set.size()) + " training and " + grouped(test_set.size()) +
                       " test faces of " + std::to_string(classes) + " characters, " +
                       std::to_string(anime.rows) + " x " + std::to_string(anime.columns) +
                       " in colour, from " + anime.folder);

  // 2. and 3. The models, smallest first, and their trainings: the same settings for all.
  std::vector<TrainingLog> logs;
  Predictions answers;                   // of the best network
  Tensor kernels_before, kernels_after;  // of its first convolution, [32, 3, 3, 3]
  Table table{{"", "parameters", "test accuracy", "test loss", "seconds of training"}};
  for (const Candidate& candidate : kCandidates) {
    Generator generator(settings.seed);
    // Neighbouring layers in one op where they can be: the same numbers, sooner.
    nn::Sequential model = nn::fuse(candidate.network(size, classes, generator));
    const bool is_best = &candidate == &kCandidates[kBest];
    if (is_best) kernels_before = model.parameters()[0].clone();
    model.to(run.device());
    Adam adam(model.parameters(), {.lr = settings.lr});
    run.progress_title(std::string(candidate.title) + ", " + grouped(model.parameter_count()) +
                       " parameters");
    logs.push_back(train(run, {.name = candidate.name,
                               .model = model,
                               .optimizer = adam,
                               .train = train_set,
                               .test = test_set,
                               .test_batch = kTestBatch}));
    if (candidate.is_saved)
      run.save_model(candidate.name, model, is_best, about_pictures(size, classes, anime.classes));
    const TrainingLog& log = logs.back();
    table.push_back({candidate.title, grouped(model.parameter_count()),
                     percent(log.last_test().accuracy(), 1), fixed(log.last_test().loss, 3),
                     fixed(log.seconds(), 1)});
    if (!is_best) continue;
    answers = predict(model, test_set, kTestBatch);
    kernels_after = model.parameters()[0].to(Device::cpu);
  }

  // 4. What came of it.
  run.table("Five networks and the same faces", table);

  // 5. The figures.
  constexpr int kPerRow = 8;
  run.figure(
      save_pictures(
          run.figure_file("answers", "Test faces: who it is and who the best network says", kNet),
          {answered_faces(anime, answers, true, kPerRow, kPerRow),
           answered_faces(anime, answers, false, kPerRow, kPerRow)},
          Palette::grey),
      "The first test faces with a right answer and the first with a wrong one: the character's "
      "name, and below it the answer with its probability.");
  run.figure(save_pictures(run.figure_file("faces", "The characters, a column each", kNet),
                           {faces_by_name(anime, 4)}, Palette::grey),
             "The first training faces of each character. What stays within a column is the "
             "haircut, and often the eyes; all else changes.");
  Chart loss_chart = smoothed_losses_chart(), accuracy_chart = accuracies_chart();
  accuracy_chart.y_high = 1;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    loss_chart.curves.push_back(smoothed_losses(kCandidates[i].title, logs[i]));
    accuracy_chart.curves.push_back(accuracies(kCandidates[i].title, logs[i], 0));
  }
  run.figure(
      save_charts(run.figure_file("training", "How the five trainings went",
                                  "five networks, cross-entropy, Adam"),
                  {loss_chart, accuracy_chart}),
      "Left: the loss of each step with its running mean. Right: the share of the test faces that "
      "is answered right. A loss that goes on falling where the accuracy does not is learning the "
      "training faces by heart.");
  run.figure(
      save_pictures(run.figure_file("kernels", "What the first convolution looks for", kNet),
                    {colour_kernels("before the training", kernels_before),
                     colour_kernels("after", kernels_after)},
                    Palette::grey),
      "The 32 kernels of the first convolution, 3 x 3 weights for red, green and blue, as colours: "
      "grey is no weight. Light beside dark looks for an edge, a strong colour for that colour. "
      "The training changes them less than one may think: most of it is learned by the layers "
      "behind, which use what these happen to find.");
  if (anime.classes.size() <= kMostInMatrix)  // own sets may have hundreds, which no page shows
    run.figure(
        save_confusion_matrix(
            run.figure_file("confusion", "Whom the best network takes for whom", kNet),
            anime.classes, answers.confusion),
        "Each row is a character, each column an answer. Right answers are blue; mistakes have the "
        "stronger a colour, the more often they happen.");

  // 6. The claims, and what to try next.
  const double regression = logs[kRegression].last_test().accuracy();
  const double two = logs[kTwo].last_test().accuracy();
  const double best = logs[kBest].last_test().accuracy();
  if (smoke) {
    // 50 steps on faces of 16 x 16: no more than that it has begun to learn.
    const double loss = logs[kBest].last_test().loss;
    const double guessing = std::log(static_cast<double>(classes));
    run.claim(
        "with batch norm and a third block the test loss is below guessing's " + fixed(guessing, 3),
        loss < guessing, fixed(loss, 3));
  } else {
    run.claim("two convolutions are at least 25 points above softmax regression",
              two >= regression + kAhead, percent(two) + " beside " + percent(regression));
    run.claim("with batch norm and a third block at least " + percent(kClaim), best >= kClaim,
              percent(best));
  }
  run.exercises(
      {"lessons/run 26 --epochs 30: which networks go on learning, and which learn by heart?",
       "lessons/run 26 --lr 0.01: which of the five still learn?",
       "lessons/run 26 --data DIR: your own pictures, a folder for each class."});
}

}  // namespace lessons
