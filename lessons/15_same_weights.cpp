// Lesson 15: two neurons that start the same.
//
// Where all weights are equal, all neurons of a layer say the same, get the same gradient and take the
// same step. They stay one neuron that is counted twice. That is why weights start at random.

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/text.h"
#include "support/two_neurons.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kWeight = 1, kBias = 0;  // of the same start
constexpr double kLittle = 1e-3, kMuch = 0.1;
constexpr int kStarts = 5, kSolved = 4, kSmokeStarts = 1;
constexpr const char* kNet = "1-2-1 sigmoid, cross-entropy, SGD in order";

/// How a group of trainings starts. Those with chance in it start from several seeds.
struct Start {
  std::string title, name;  // in the table and the figures; in metrics.csv
  std::string colour;
  bool is_default = false;  // the library's own; else all weights 1 and all biases 0
  double noise = 0;         // the deviation of what is then added to each of them
  bool by_chance() const { return is_default || noise > 0; }
};

const std::vector<Start> kAllStarts{
    {.title = "all the same", .name = "same", .colour = "#2563eb"},
    {.title = "the same + noise of 0.001",
     .name = "little_noise",
     .colour = "#38bdf8",
     .noise = kLittle},
    {.title = "the same + noise of 0.1", .name = "more_noise", .colour = "#e8a412", .noise = kMuch},
    {.title = "default start", .name = "default", .colour = "#c2410c", .is_default = true}};

TwoNeurons model_of(const Start& start, std::uint64_t seed) {
  Generator generator(seed);
  TwoNeurons model(generator);
  if (start.is_default) return model;
  nn::init::constant_(model.in.weight, kWeight);
  nn::init::constant_(model.in.bias, kBias);
  nn::init::constant_(model.out.weight, kWeight);
  nn::init::constant_(model.out.bias, kBias);
  for (Tensor parameter : model.network.parameters()) {
    if (start.noise == 0) break;
    Tensor noise = empty(parameter.shape());
    normal_(noise, 0, start.noise, generator.next());
    add_scaled_(parameter, noise);
  }
  return model;
}

/// What belongs to a hidden neuron: its weight, its bias, and the weight of what it says.
std::vector<std::vector<float>> neurons_of(const TwoNeurons& model) {
  const auto weight = model.in.weight.to_vector<float>();  // [2, 1]
  const auto bias = model.in.bias.to_vector<float>();      // [2]
  const auto out = model.out.weight.to_vector<float>();    // [1, 2]
  return {{weight[0], bias[0], out[0]}, {weight[1], bias[1], out[1]}};
}

/// How far apart the two are: the length of the difference of those three numbers.
double distance_of(const TwoNeurons& model) {
  const auto neurons = neurons_of(model);
  double sum = 0;
  for (std::size_t i = 0; i < neurons[0].size(); ++i) {
    const double difference =
        static_cast<double>(neurons[0][i]) - static_cast<double>(neurons[1][i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

/// The number of bits in which the two differ.
int bits_apart(const TwoNeurons& model) {
  const auto neurons = neurons_of(model);
  int bits = 0;
  for (std::size_t i = 0; i < neurons[0].size(); ++i)
    bits += std::popcount(std::bit_cast<std::uint32_t>(neurons[0][i]) ^
                          std::bit_cast<std::uint32_t>(neurons[1][i]));
  return bits;
}

struct Trained {
  TwoNeuronsRun run;
  std::vector<double> apart;  // distance of the two neurons before and after each epoch
  int bits = 0;               // in which they differ in the end
};

Trained train_from(Run& run, const std::string& name, const Start& start, std::uint64_t seed,
                   const Points& points) {
  TwoNeurons model = model_of(start, seed);
  std::vector<double> apart;
  TwoNeuronsRun trained =
      train_two_neurons(run, name, model, points, binary_cross_entropy_with_logits,
                        !start.by_chance(), [&](int) { apart.push_back(distance_of(model)); });
  return {std::move(trained), std::move(apart), bits_apart(model)};
}

bool solved(const Trained& trained) {
  const Summary& end = trained.run.log.last_test();
  return end.correct == end.rows;
}

/// The first that ends as most of its group do, at 100 % or not.
const Trained& typical_of(const std::vector<Trained>& group) {
  const bool most = 2 * std::count_if(group.begin(), group.end(), solved) > std::ssize(group);
  return *std::find_if(group.begin(), group.end(),
                       [&](const Trained& trained) { return solved(trained) == most; });
}

}  // namespace

void same_weights(Run& run) {
  // 1. The data of lesson 05: forty whole numbers, with the answer 1 for the seven in the middle.
  const Points points = middle_points();

  run.story(
      "Lesson 15: neurons that start the same stay the same",
      {"The network of lesson 05 holds a middle between two borders, one for each hidden neuron. "
       "Here all its weights start as 1 and all its biases as 0. Both hidden neurons then say the "
       "same about every number, so both get the same gradient, take the same step, and are the "
       "same again. Two neurons count as one, and one cannot hold a middle.",
       "Something has to tell the two apart: the random start that layers have by default, or "
       "noise on the same weights. But with very little noise they move as one for so long that "
       "most often both have settled on the same border before they part."});
  run.fact("data", "40 whole numbers from -20 to 19: 33 with the answer 0, 7 with the answer 1");
  run.fact("model", "1-2-1, sigmoid on both layers, 7 parameters");

  // 2. The trainings. The same start has no chance in it; the others begin from several seeds. Of 65 seeds
  //    that were tried, the default start reaches 100 % from 63, noise of 0.1 from 64 and of 0.001 from 13.
  const int seeds = run.options().smoke ? kSmokeStarts : kStarts;
  run.short_trainings(1 + seeds * static_cast<int>(kAllStarts.size() - 1));
  Table table{{"start", "accuracy", "loss", "apart before", "apart after"}};
  std::vector<std::vector<Trained>> groups;
  for (const Start& start : kAllStarts) {
    std::vector<Trained>& group = groups.emplace_back();
    for (int i = 0; i < (start.by_chance() ? seeds : 1); ++i) {
      const std::uint64_t seed = run.settings().seed + static_cast<std::uint64_t>(i);
      const std::string of_seed = std::to_string(seed);
      group.push_back(train_from(run,
                                 start.by_chance() ? start.name + "_seed_" + of_seed : start.name,
                                 start, seed, points));
      const Trained& trained = group.back();
      const Summary& end = trained.run.log.last_test();
      table.push_back({start.title + (start.by_chance() ? ", seed " + of_seed : ""),
                       percent(end.accuracy()), fixed(end.loss, 4), rounded(trained.apart.front()),
                       rounded(trained.apart.back())});
    }
  }
  run.table("Where each start ends, and how far the two hidden neurons are apart", table);

  // 3. The figures. Where one training stands for its start, it is a typical one.
  std::vector<Chart> hidden, fits;
  Chart apart{.title = "How far the hidden neurons are apart",
              .x_label = "epoch",
              .y_label = "length of the difference",
              .log_y = true};
  Chart losses{.title = "Loss over all points",
               .x_label = "epoch",
               .y_label = "cross-entropy",
               .y_low = 0,
               .y_high = 0.7};
  for (std::size_t i = 0; i < kAllStarts.size(); ++i) {
    const Start& start = kAllStarts[i];
    hidden.push_back(hidden_chart(start.title, typical_of(groups[i]).run, points));
    fits.push_back(fit_chart(start.title, typical_of(groups[i]).run, points));
  }
  for (std::size_t i = kAllStarts.size(); i-- > 0;) {  // the same start on top of the others
    const Start& start = kAllStarts[i];
    for (const Trained& trained : groups[i]) {
      const std::string key = &trained == &groups[i].front() ? start.title : "";
      const TrainingLog& log = trained.run.log;
      losses.curves.push_back({.name = key,
                               .x = log.epochs(),
                               .y = log.test_losses(),
                               .dashed = !start.by_chance(),
                               .colour = start.colour});
      // A scale of powers has no place for 0, so the same start has no curve there.
      if (start.by_chance())
        apart.curves.push_back(
            {.name = key, .x = log.epochs(), .y = trained.apart, .colour = start.colour});
    }
  }
  run.figure(
      save_charts(run.figure_file("hidden", "What the hidden neurons make of the points", kNet),
                  hidden, 2),
      "Each point by what the two hidden neurons say about it. From the same start both say the "
      "same: all points lie on the diagonal, and on one side of the middle the points with y = 0 "
      "fall where those with y = 1 are, which hide them.");
  run.figure(
      save_charts(run.figure_file("fit", "How the models come to fit the points", kNet), fits, 2),
      "The points, and the model's probability of yes as it learns.");
  run.figure(
      save_charts(run.figure_file("training", "How the neurons part", kNet), {apart, losses}),
      "Every training: how far its two hidden neurons are apart, and its loss over all "
      "points. From the same start the distance is 0 throughout.");

  // 4. The claims, and what to try next.
  const Trained& same = groups.front().front();
  const auto& accuracies = same.run.log.test_accuracies();
  const double most = *std::max_element(accuracies.begin(), accuracies.end());
  run.claim("from the same start the two hidden neurons end equal to the last bit", same.bits == 0,
            std::to_string(same.bits) + " bits apart");
  run.claim("its accuracy never passes the " + percent(kAllZeros) + " of answering 0 to everything",
            most <= kAllZeros, percent(most));
  if (!run.options().smoke) {
    const std::string goal = " reaches 100 % from at least " + std::to_string(kSolved) + " of " +
                             std::to_string(kStarts) + " seeds";
    for (const std::size_t i : {3, 2}) {
      const auto right = std::count_if(groups[i].begin(), groups[i].end(), solved);
      run.claim(kAllStarts[i].title + goal, right >= kSolved,
                std::to_string(right) + " of " + std::to_string(kStarts));
    }
  }
  run.exercises(
      {"lessons/run 15 --epochs 5000: does patience help the same start, or the noise of 0.001?",
       "lessons/run 15 --batch 40 --lr 2: all points at once. What does the noise of 0.001 do now?",
       "lessons/run 15 --seed 6: other noise and other starts."});
}

}  // namespace lessons
