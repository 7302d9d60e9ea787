// Lesson 09: activations and their derivatives.
//
// Without something bent between them, two linear layers are one. Sigmoid, tanh and ReLU do the bending;
// training goes backwards through their derivatives. Where a derivative is almost 0, almost nothing is
// learned.

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/islands.h"
#include "support/text.h"
#include "weft/ops/activation.h"
#include "weft/ops/reduction.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kReach = 100;          // tenths: z from -10 to 10
constexpr double kStep = 1e-5;       // of the finite differences
constexpr double kAgreement = 1e-8;  // between them and the backward pass, at most
constexpr double kSmall = 1e-4;      // a derivative that lets almost nothing through
constexpr std::int64_t kHidden = 9;  // of lesson 06's largest network
constexpr int kStarts = 6, kSmokeStarts = 1;
constexpr const char* kNet = "1-9-1, cross-entropy, Adam";

struct Function {
  std::string name, colour;
  Activation activation;
};

const std::vector<Function> kFunctions{{"sigmoid", "#2563eb", Activation::sigmoid},
                                       {"tanh", "#c2410c", Activation::tanh},
                                       {"ReLU", "#6b2172", Activation::relu}};

/// An activation over z, its derivative by the library's backward pass, and the same by central
/// differences, which know nothing of that pass.
struct Values {
  std::vector<double> y, derivative, difference;
};

template <class T>
std::vector<T> derivative_at(Activation activation, const std::vector<T>& z, Device device) {
  Tensor x = from_values(z, {static_cast<std::int64_t>(z.size())}).to(device);
  x.set_requires_grad();
  sum(activate(x, activation)).backward();  // of a sum: each element's own derivative
  return x.grad().template to_vector<T>();
}

std::vector<double> value_at(Activation activation, std::vector<double> z, double shift) {
  for (double& place : z) place += shift;
  const auto count = static_cast<std::int64_t>(z.size());
  return activate(from_values(z, {count}), activation).to_vector<double>();
}

Values values_of(Activation activation, const std::vector<double>& z) {
  Values values{value_at(activation, z, 0), derivative_at(activation, z, Device::cpu), {}};
  const auto above = value_at(activation, z, kStep), below = value_at(activation, z, -kStep);
  for (std::size_t i = 0; i < z.size(); ++i)
    values.difference.push_back((above[i] - below[i]) / (2 * kStep));
  return values;
}

/// The largest distance between two lists of derivatives. ReLU has a corner at 0, where no number is its
/// derivative: that place is left out.
double largest_distance(const std::vector<double>& a, const std::vector<double>& b,
                        const std::vector<double>& z, Activation activation) {
  double most = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    if (activation != Activation::relu || z[i] != 0) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

void activations(Run& run) {
  // 1. The numbers: -10.0, -9.9 ... 10.0, made from integers.
  std::vector<double> z;
  for (int tenths = -kReach; tenths <= kReach; ++tenths) z.push_back(tenths / 10.0);
  const std::vector<float> narrow_z(z.begin(), z.end());
  const auto at = [](int number) { return static_cast<std::size_t>(kReach + 10 * number); };

  run.story("Lesson 09: three ways to bend a line, and what comes back through them",
            {"Sigmoid squeezes all numbers into 0 to 1, tanh into -1 to 1; ReLU keeps what is "
             "above 0 and drops the rest. A hidden layer needs such a bend: without it, however "
             "many layers there are, they make one straight line.",
             "In training, the gradient is multiplied on its way back by the derivative of the "
             "activation. A sigmoid's is a quarter at best and falls to almost nothing on both "
             "sides; ReLU's is 1 on the whole upper side."});
  run.fact("data", "z from -10.0 to 10.0 by 0.1; for the networks the two islands of lesson 06");
  run.fact("model", "1-9-1 with each activation in the hidden layer, 28 parameters");

  // 2. Functions and derivatives, in float64 on the CPU, and once more in float32 on the run's device.
  std::vector<Values> values;
  Table table{{"", "at 0", "at 5", "at 10", "from differences", "float32"}};
  double worst = 0;
  for (const Function& f : kFunctions) {
    values.push_back(values_of(f.activation, z));
    const Values& v = values.back();
    const auto narrow = derivative_at(f.activation, narrow_z, run.device());
    const double apart = largest_distance(v.derivative, v.difference, z, f.activation);
    const double narrower =
        largest_distance(v.derivative, {narrow.begin(), narrow.end()}, z, f.activation);
    worst = std::max(worst, apart);
    table.push_back({f.name, rounded(v.derivative[at(0)]), rounded(v.derivative[at(5)]),
                     rounded(v.derivative[at(10)]), rounded(apart), rounded(narrower)});
  }
  run.table(
      "The derivatives, and how far they are at most from finite differences and from float32",
      table);

  // 3. Each in the network of lesson 06, from the same starts.
  const Points points = island_points();
  const int starts = run.options().smoke ? kSmokeStarts : kStarts;
  run.short_trainings(static_cast<int>(kFunctions.size()) * starts);
  Table networks{{"hidden layer", "starts solved", "best accuracy", "best loss"}};
  std::vector<std::vector<IslandsRun>> groups;
  for (const Function& f : kFunctions) {
    std::vector<IslandsRun>& group = groups.emplace_back();
    for (int start = 0; start < starts; ++start) {
      const std::uint64_t seed = run.settings().seed + static_cast<std::uint64_t>(start);
      group.push_back(train_islands(run, f.name + "_seed_" + std::to_string(seed), kHidden,
                                    f.activation, seed, points,
                                    &f == &kFunctions.back() && solved_of(group) == 0));
    }
    networks.push_back({f.name, std::to_string(solved_of(group)) + " of " + std::to_string(starts),
                        percent(best_of(group).accuracy()),
                        fixed(best_of(group).log.last_test().loss, 4)});
  }
  run.table("The network of lesson 06 with each activation", networks);

  // 4. The figures.
  Chart functions{
      .title = "the functions", .x_label = "z", .y_label = "y", .y_low = -1.2, .y_high = 3};
  Chart derivatives{.title = "their derivatives",
                    .x_label = "z",
                    .y_label = "dy/dz",
                    .y_low = -0.05,
                    .y_high = 1.05};
  Chart powers{
      .title = "", .x_label = "z", .y_label = "dy/dz", .log_y = true, .y_low = 1e-9, .y_high = 100};
  Chart losses{.title = "Loss over all points",
               .x_label = "epoch",
               .y_label = "cross-entropy",
               .y_low = 0,
               .y_high = 0.8};
  Chart accuracies{.title = "Right answers",
                   .x_label = "epoch",
                   .y_label = "of the 100 points",
                   .percent_y = true,
                   .key_below = true,
                   .y_low = 0,
                   .y_high = 1.05};
  std::vector<Chart> each, fits;
  for (std::size_t i = 0; i < kFunctions.size(); ++i) {
    const auto& [name, colour, activation] = kFunctions[i];
    const auto curve = [&, &name = name, &colour = colour](const std::vector<double>& x,
                                                           const std::vector<double>& y) {
      return Curve{.name = name, .x = x, .y = y, .colour = colour};
    };
    const Values& v = values[i];
    functions.curves.push_back(curve(z, v.y));
    derivatives.curves.push_back(curve(z, v.derivative));
    powers.curves.push_back(curve(z, v.derivative));
    Curve slope = curve(z, v.derivative);
    slope.name = "dy/dz";
    slope.dashed = true;
    each.push_back({.title = name,
                    .x_label = "z",
                    .y_label = "",
                    .curves = {curve(z, v.y), slope},
                    .key_left = true});
    each.back().curves.front().name = "y";
    const IslandsRun& best = best_of(groups[i]);
    fits.push_back(island_chart(name, best, points));
    losses.curves.push_back(curve(best.log.epochs(), best.log.test_losses()));
    accuracies.curves.push_back(curve(best.log.epochs(), best.log.test_accuracies()));
  }
  // A scale of powers has no place for 0.
  for (Curve& curve : powers.curves)
    std::replace(curve.y.begin(), curve.y.end(), 0.0, std::numeric_limits<double>::quiet_NaN());
  powers.curves.push_back({.name = "",
                           .x = {z.front(), z.back()},
                           .y = {kSmall, kSmall},
                           .dashed = true,
                           .colour = "#9ca3af"});
  // These figures have no learning rate, batch or seed.
  const auto file = [&](const char* name, const char* title) {
    return FigureFile{run.options().out, name, title, "z from -10 to 10, float64 on the CPU"};
  };
  run.figure(save_charts(file("overlay", "Three activations and their derivatives"),
                         {functions, derivatives}),
             "Left: the functions; ReLU goes on to 10. Right: their derivatives. A sigmoid's is "
             "never more than a quarter; tanh's is 1 at 0, but sooner gone; ReLU's is 0 or 1.");
  run.figure(save_charts(file("each", "Each with its derivative"), each),
             "Each function and, dashed, its derivative, each on its own scale.");
  run.figure(
      save_charts(file("powers", "The derivatives in powers of ten"), {powers}),
      "The derivatives on a scale of powers of ten, with a line at 0.0001. ReLU's is 1 above 0; "
      "below, it is 0, for which this scale has no place.");
  run.figure(
      save_charts(run.figure_file("fit", "The network of lesson 06 with each of them", kNet), fits),
      "The points, and the model's probability of yes as it learns, for the best start of each. "
      "Sigmoid and tanh make smooth steps, ReLU straight pieces that the output bends.");
  run.figure(
      save_charts(run.figure_file("training", "How the best start of each went", kNet),
                  {losses, accuracies}),
      "Loss and accuracy over all points after each epoch, for the best start of each. With one "
      "hidden layer the derivatives do not decide; lesson 11 has more layers.");

  // 5. The claims, and what to try next.
  run.claim("the backward pass agrees with finite differences to within " + fixed(kAgreement, 8) +
                ", in float64",
            worst <= kAgreement, rounded(worst));
  int small = 0, open = 0;
  for (std::size_t i = at(0); i < z.size(); ++i) {
    if (values[0].derivative[i] >= kSmall) continue;
    ++small;
    open += values[2].derivative[i] == 1 ? 1 : 0;
  }
  run.claim("above 0, where sigmoid's derivative is under " + fixed(kSmall, 4) + ", ReLU's is 1",
            small > 0 && open == small,
            "1 at " + std::to_string(open) + " of " + std::to_string(small) + " places");
  run.exercises(
      {"lessons/run 09 --lr 0.01: a tenth of the step. Which of the three solves it still?",
       "lessons/run 09 --epochs 3000: do the starts that failed get there?",
       "lessons/run 11: the three in a deeper network."});
}

}  // namespace lessons
