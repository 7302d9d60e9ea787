// Lesson 17: momentum on a polynomial.
//
// One weight walks downhill on a curve. Plain SGD takes a step by the slope where it stands and stops in
// the first valley. With momentum it keeps a share of its speed, as a ball does, and rolls on: over flat
// places, and out of valleys that are not the deepest.

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/small_models.h"
#include "support/text.h"
#include "weft/autograd.h"
#include "weft/metrics.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/random.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

const std::vector<double> kMomenta{0, 0.5, 0.85, 0.9, 0.95, 0.99};
constexpr double kMomentum = 0.9;  // the one that is shown beside none
constexpr double kNoise = 100;     // deviation of what is added to the gradient
constexpr int kDraws = 6, kSmokeDraws = 1;
constexpr double kLocal = 4, kGlobal = -2, kHill = 1.375;  // where the quartic has no slope
constexpr double kNear = 0.25;                             // so near to a minimum counts as in it
constexpr double kQuarticStart = 6, kCubicStart = 4, kCubicRate = 0.01;
constexpr int kCubicSteps = 10;
constexpr const char* kGrey = "#9ca3af";
constexpr const char* kNet = "one weight, SGD";

/// w³: the slope is 0 at 0, and yet there is no minimum.
Tensor cubic(const Tensor& w) { return w * w * w; }

/// 2w⁴ - 9w³ - 21w² + 88w + 48: a local minimum at 4, the global one at -2.
Tensor quartic(const Tensor& w) { return (((2 * w - 9) * w - 21) * w + 88) * w + 48; }

using Function = std::function<Tensor(const Tensor& w)>;

struct Descent {
  std::string name;  // in metrics.csv
  Function function;
  double start = 0, lr = 0;
  int steps = 0;
  double momentum = 0;
  double noise = 0;        // deviation of what is added to the gradient
  std::uint64_t seed = 0;  // of the noise
};

/// The model: a weight, and nothing else.
class Weight : public nn::Module {
 public:
  explicit Weight(double start) : w(full({1}, start)) { w.set_requires_grad(); }
  Tensor forward(const Tensor&) override { return w; }
  nn::NamedTensors named_parameters() const override { return {{"w", w}}; }

  Tensor w;
};

/// Where the weight was before each step and after the last, and the function there.
struct Walk {
  double momentum = 0;
  std::vector<double> w, value;

  double end() const { return w.back(); }
  bool in(double minimum) const { return std::abs(end() - minimum) < kNear; }
  std::string name() const { return "momentum " + shortest(momentum); }
};

Walk descend(Run& run, const Descent& d) {
  Weight model(d.start);
  model.to(run.device());
  Sgd sgd(model.parameters(), {.lr = d.lr, .momentum = d.momentum});
  RandomKey key = Generator(d.seed).next();
  Tensor noise = empty({1}, DType::float32, run.device());
  Tensor places = empty({d.steps + 1}, DType::float32, run.device());
  Metrics values(run.device());
  const auto now = [&] {
    const NoGrad off;
    Summary summary;
    summary.loss = sum(d.function(model.w)).item();
    return summary;
  };

  TrainingLog log = run.train(d.name, 1);  // all its steps in one epoch
  log.before(now());
  for (int step = 0; step < d.steps; ++step) {
    places.rows(step, step + 1).copy_from(model.w);
    const Tensor value = sum(d.function(model.w));  // of one number: backward starts at a scalar
    value.backward();
    values.add_loss(value, 1);
    if (d.noise > 0) {
      // Into the gradient. A number added to the value would change no slope, and so no step.
      key.step = static_cast<std::uint32_t>(step);
      normal_(noise, 0, d.noise, key);
      Tensor gradient = model.w.grad();
      add_scaled_(gradient, noise);
    }
    sgd.step();
  }
  places.rows(d.steps, d.steps + 1).copy_from(model.w);
  log.epoch(values.read(), now);
  run.save_model(d.name, model, d.noise == 0 && d.momentum == kMomentum);

  const auto w = places.to_vector<float>();
  Walk walk{d.momentum, {w.begin(), w.end()}, log.step_losses()};
  walk.value.push_back(log.last_test().loss);
  return walk;
}

/// The function over w, with the places that the weight visited.
Chart walk_chart(const Walk& walk, const Function& function, double low, double high) {
  const std::vector<double> x = spread(low, high, 301);
  const auto values = function(from_values(x, {std::ssize(x)})).to_vector<double>();
  const auto marks = [](const char* name, const std::vector<double>& w,
                        const std::vector<double>& value, const char* colour) {
    return Curve{.name = name, .x = w, .y = value, .points = true, .line = false, .colour = colour};
  };
  return {.title = walk.name(),
          .x_label = "weight w",
          .y_label = "f(w)",
          .curves = {{.name = "f", .x = x, .y = values, .colour = kGrey},
                     marks("visited", walk.w, walk.value, "#2563eb"),
                     marks("start", {walk.w.front()}, {walk.value.front()}, "#e8a412"),
                     marks("end", {walk.w.back()}, {walk.value.back()}, "#c2410c")}};
}

Curve level(double w, double low, double high) {
  return {.name = "", .x = {low, high}, .y = {w, w}, .dashed = true, .colour = kGrey};
}

/// The weight over the steps, a curve for each momentum, and the two minima.
Chart steps_chart(const std::string& title, const std::vector<Walk>& walks) {
  const int steps = static_cast<int>(walks.front().w.size()) - 1;
  Chart chart{.title = title, .x_label = "step", .y_label = "weight w"};
  for (const Walk& walk : walks)
    chart.curves.push_back({.name = chart.curves.empty() ? walk.name() : shortest(walk.momentum),
                            .x = spread(0, steps, steps + 1),
                            .y = walk.w});
  chart.curves.push_back(level(kLocal, 0, steps));
  chart.curves.push_back(level(kGlobal, 0, steps));
  return chart;
}

}  // namespace

void momentum_polynomial(Run& run) {
  const Settings& settings = run.settings();

  run.story(
      "Lesson 17: one weight with a run-up",
      {"Plain SGD takes each step by the slope where it stands. Where there is none it stays: "
       "in the first valley it comes to, or on a flat place half-way down.",
       "With momentum every step also carries on a share of the step before. The weight "
       "moves like a ball: it rolls over flat places and out of shallow valleys, and it also "
       "overshoots and swings for a while before it comes to rest."});
  run.fact("function",
           "2w^4 - 9w^3 - 21w^2 + 88w + 48 from w = 6: local minimum at 4, hill at "
           "1.375, global minimum at -2; an epoch is one step");
  run.fact("flat place", "w^3 from w = 4 in 10 steps at learning rate 0.01: flat at 0");

  // 1. The walks: w³ without momentum and with it, the quartic with each momentum, and the quartic again
  //    with noise in its gradient, several draws of it.
  const int draws = run.options().smoke ? kSmokeDraws : kDraws;
  run.short_trainings(2 + static_cast<int>(kMomenta.size()) * (1 + draws));
  std::vector<Walk> cubics, quartics;
  for (const double momentum : {0.0, kMomentum})
    cubics.push_back(descend(run, {.name = "cubic_momentum_" + shortest(momentum),
                                   .function = cubic,
                                   .start = kCubicStart,
                                   .lr = kCubicRate,
                                   .steps = kCubicSteps,
                                   .momentum = momentum}));
  std::vector<std::vector<Walk>> noisy;  // of each draw, by momentum
  for (int draw = -1; draw < draws; ++draw) {
    std::vector<Walk>& walks = draw < 0 ? quartics : noisy.emplace_back();
    const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(std::max(draw, 0));
    for (const double momentum : kMomenta)
      walks.push_back(descend(run, {.name = "quartic_momentum_" + shortest(momentum) +
                                            (draw < 0 ? "" : "_noise_seed_" + std::to_string(seed)),
                                    .function = quartic,
                                    .start = kQuarticStart,
                                    .lr = settings.lr,
                                    .steps = settings.epochs,
                                    .momentum = momentum,
                                    .noise = draw < 0 ? 0 : kNoise,
                                    .seed = seed}));
  }

  // 2. What came of it.
  Table table{{"momentum", "ends at", "that is", "with noise, past the hill"}};
  std::vector<int> past;
  for (std::size_t i = 0; i < kMomenta.size(); ++i) {
    past.push_back(static_cast<int>(
        std::count_if(noisy.begin(), noisy.end(),
                      [&](const std::vector<Walk>& walks) { return walks[i].end() < kHill; })));
    table.push_back({shortest(kMomenta[i]), fixed(quartics[i].end(), 3),
                     quartics[i].in(kLocal)    ? "the local minimum"
                     : quartics[i].in(kGlobal) ? "the global minimum"
                                               : "still on its way",
                     std::to_string(past.back()) + " of " + std::to_string(draws)});
  }
  run.table("Where the quartic's weight ends", table);

  // 3. The figures.
  const auto shown = static_cast<std::size_t>(
      std::find(kMomenta.begin(), kMomenta.end(), kMomentum) - kMomenta.begin());
  const Walk& none = quartics.front();
  const Walk& rolling = quartics[shown];
  const auto quartic_chart = [](const Walk& walk) {
    Chart chart = walk_chart(walk, quartic, -3.7, 6.1);
    chart.y_low = -150;
    chart.y_high = 550;
    return chart;
  };
  run.figure(save_charts(run.figure_file("quartic", "Two valleys, without and with momentum", kNet),
                         {quartic_chart(none), quartic_chart(rolling)}),
             "Every place that the weight visited. Without momentum it comes to rest in the first "
             "valley. With momentum it rolls over the hill and swings into the deeper one.");
  run.figure(
      save_charts(run.figure_file("steps", "The way of the weight", kNet),
                  {steps_chart("without noise", quartics),
                   steps_chart("noise of 100 in the gradient", noisy.front())}),
      "The weight after each step, for every momentum; the dashed lines are the two minima. "
      "With the lesson's settings 0.85 does not quite reach the top of the hill, and 0.99 is "
      "not at rest in the end.");
  FigureFile cubic_file = run.figure_file("cubic", "A flat place, without and with momentum", "");
  cubic_file.subtitle = std::string(kNet) + ", f(w) = w^3, lr " + shortest(kCubicRate) + ", " +
                        std::to_string(kCubicSteps) + " steps";
  run.figure(save_charts(cubic_file, {walk_chart(cubics.front(), cubic, -4.3, 4.2),
                                      walk_chart(cubics.back(), cubic, -4.3, 4.2)}),
             "w cubed has no slope at 0 and goes on down behind it. Without momentum the steps get "
             "smaller and smaller; with it the weight runs through.");
  run.figure(
      save_charts(run.figure_file("noise", "The same with noise in the gradient", kNet),
                  {quartic_chart(noisy.front().front()), quartic_chart(noisy.front()[shown])}),
      "With noise the weight never rests. Without momentum, noise alone does not take it over the "
      "hill.");
  Curve still{.name = "without noise", .points = true, .colour = "#2563eb"};
  Curve drawn{.name = "with noise", .points = true, .line = false, .colour = "#c2410c"};
  for (std::size_t i = 0; i < kMomenta.size(); ++i) {
    still.x.push_back(kMomenta[i]);
    still.y.push_back(quartics[i].end());
    for (const std::vector<Walk>& walks : noisy) {
      drawn.x.push_back(kMomenta[i]);
      drawn.y.push_back(walks[i].end());
    }
  }
  run.figure(save_charts(run.figure_file("ends", "Where each momentum ends", kNet),
                         {{.title = "",
                           .x_label = "momentum",
                           .y_label = "weight in the end",
                           .curves = {level(kLocal, 0, 1), level(kGlobal, 0, 1), still, drawn}}}),
             "The weight after the last step against the momentum. The dashed lines are the two "
             "minima.");

  // 4. The claims, and what to try next.
  run.claim("without momentum the quartic ends in the local minimum at 4", none.in(kLocal),
            fixed(none.end(), 3));
  run.claim("with momentum 0.9 in the global one at -2", rolling.in(kGlobal),
            fixed(rolling.end(), 3));
  run.claim("on w^3 momentum passes the flat place at 0, and without it the weight does not",
            cubics.back().end() < 0 && cubics.front().end() > 0,
            fixed(cubics.back().end(), 3) + " and " + fixed(cubics.front().end(), 3));
  run.claim("noise without momentum never gets over the hill", past.front() == 0,
            std::to_string(past.front()) + " of " + std::to_string(draws));
  run.exercises(
      {"lessons/run 17 --epochs 1000: which momenta have come to rest, and where?",
       "lessons/run 17 --lr 0.002: twice the step. Which momenta end in the global minimum now?",
       "lessons/run 17 --seed 7: other noise. How often does each momentum get past the hill?"});
}

}  // namespace lessons
