// Lesson 14: dropout for a curve, and evaluation mode forgotten.
//
// Forty points of a parabola in strong noise and a network of 90,000 weights, which can run through single
// points. Dropout keeps it nearer to the parabola, as long as it is off when the network is asked.

#include "support/overfitting.h"
#include "support/small_models.h"
#include "support/text.h"
#include "weft/autograd.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kPoints = 40, kPlaces = 201;  // learned from, and to measure and draw at; in -1..1
constexpr std::int64_t kHidden = 300;
constexpr double kNoise = 1.0, kDropout = 0.5;
constexpr int kSeeds = 3, kSmokeSeeds = 1;
constexpr double kSmokeClaim = 1.0;  // mean squared distance
constexpr const char* kNet = "1-300-300-1 ReLU, squared error, Adam";

double truth(double x) { return x * x; }

std::vector<float> to_floats(const std::vector<double>& x) { return {x.begin(), x.end()}; }

/// The parabola at even places in noise, drawn anew at each call.
Points draw_points(Generator& generator) {
  Points points{.x = to_floats(spread(-1, 1, kPoints)), .y = {}};
  Tensor noise = empty({kPoints});
  normal_(noise, 0, kNoise, generator.next());
  for (const float error : noise.to_vector<float>()) {
    const double x = static_cast<double>(points.x[points.y.size()]);
    points.y.push_back(static_cast<float>(truth(x)) + error);
  }
  return points;
}

/// What a model says over x, and how far that is from the parabola.
struct Answers {
  std::vector<double> y;
  double distance = 0;  // squared, mean over the places
};

/// In the mode that the model is in: in training, dropout is on.
Answers ask(nn::Module& model, Device device) {
  const NoGrad off;
  const std::vector<double> places = spread(-1, 1, kPlaces);
  const Tensor x = from_values(to_floats(places), {kPlaces, 1}).to(device);
  Answers answers;
  for (const float y : model(x).to_vector<float>()) {
    const double error = static_cast<double>(y) - truth(places[answers.y.size()]);
    answers.distance += error * error / kPlaces;
    answers.y.push_back(static_cast<double>(y));
  }
  return answers;
}

/// The trainings of one p, seed by seed, and what came of them.
struct Trained {
  std::vector<JudgedTraining> trainings;
  std::vector<Answers> answers, forgotten;  // in evaluation mode, and in training mode
};

void train(Run& run, double p, std::uint64_t seed, Trained& trained) {
  // Each seed draws its own points and its own start, which both models share.
  Generator generator(seed);
  const Dataset points = draw_points(generator).dataset().to(run.device());
  const Dataset validation = draw_points(generator).dataset().to(run.device());
  nn::Sequential model{nn::Linear(1, kHidden, generator),
                       nn::ReLU(),
                       nn::Dropout(p, generator),  // another mask in each step
                       nn::Linear(kHidden, kHidden, generator),
                       nn::ReLU(),
                       nn::Dropout(p, generator),
                       nn::Linear(kHidden, 1, generator)};
  model.to(run.device());
  const std::string name = "p_" + shortest(p) + "_seed_" + std::to_string(seed);
  trained.trainings.push_back(
      train_and_judge(run, name, model, points, validation, seed, mse_loss));
  run.save_model(name, model, p > 0 && seed == run.settings().seed);

  model.eval();
  trained.answers.push_back(ask(model, run.device()));
  model.train();
  trained.forgotten.push_back(ask(model, run.device()));
}

}  // namespace

void dropout_regression(Run& run) {
  const Settings& settings = run.settings();
  const int seeds = run.options().smoke ? kSmokeSeeds : kSeeds;

  run.story("Lesson 14: dropout in a regression, and the mode that is easily forgotten",
            {"The points are y = x² plus noise as large as the parabola is high. A large network "
             "without dropout follows the noise. With dropout, half of its hidden neurons are off "
             "at random in each step, and what is left to all of them is the shape.",
             "To ask the network, dropout must be off: model.eval(). If that is forgotten, each "
             "answer comes from a random half of the network."});
  run.fact("data", std::to_string(kPoints) +
                       " even x from -1 to 1, y = x² + 1.0 x normal; for validation y is drawn "
                       "again at the same x");
  run.fact("model", "1-300-300-1 with ReLU, dropout behind both hidden layers; " +
                        std::to_string(seeds) + (seeds == 1 ? " seed" : " seeds"));

  // 1. The trainings.
  run.short_trainings(2 * seeds);
  Trained without, with;
  for (int i = 0; i < seeds; ++i) {
    const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
    train(run, 0, seed, without);
    train(run, kDropout, seed, with);
  }

  // 2. What came of it. The distance is that from the parabola itself, which only we know; noise does not
  //    enter it, while no validation loss can be much below the noise's variance of 1.
  const auto distance = [](const Answers& a) { return a.distance; };
  const auto train_loss = [](const JudgedTraining& t) { return t.train.loss; };
  const auto validation_loss = [](const JudgedTraining& t) { return t.validation.loss; };
  const double plain = mean_of(without.answers, distance);
  const double dropped = mean_of(with.answers, distance);
  const double forgot = mean_of(with.forgotten, distance);
  Table table{{"", "training loss", "validation loss", "distance from y = x²"},
              {"p = 0", fixed(mean_of(without.trainings, train_loss), 4),
               fixed(mean_of(without.trainings, validation_loss), 4), fixed(plain, 4)},
              {"p = 0.5", fixed(mean_of(with.trainings, train_loss), 4),
               fixed(mean_of(with.trainings, validation_loss), 4), fixed(dropped, 4)},
              {"p = 0.5, evaluation mode forgotten", "", "", fixed(forgot, 4)}};
  run.table(
      "Mean squared errors, mean of " + std::to_string(seeds) + (seeds == 1 ? " seed" : " seeds"),
      table);
  Table each{{"seed", "p = 0", "p = 0.5", "evaluation mode forgotten"}};
  for (std::size_t i = 0; i < with.answers.size(); ++i)
    each.push_back({std::to_string(settings.seed + i), fixed(without.answers[i].distance, 4),
                    fixed(with.answers[i].distance, 4), fixed(with.forgotten[i].distance, 4)});
  run.table("The distance from y = x², seed by seed", each);

  // 3. The figures.
  Generator generator(settings.seed);
  const Points points = draw_points(generator);  // the same ones again
  const std::vector<double> places = spread(-1, 1, kPlaces);
  Curve samples{.name = "training points", .points = true, .line = false, .colour = "#9ca3af"};
  for (std::size_t i = 0; i < points.y.size(); ++i) {
    samples.x.push_back(static_cast<double>(points.x[i]));
    samples.y.push_back(static_cast<double>(points.y[i]));
  }
  Curve parabola{.name = "y = x²", .x = places, .dashed = true, .colour = "#111827"};
  for (const double x : places) parabola.y.push_back(truth(x));
  const auto chart = [&](const std::string& title, const Answers& answers) {
    const Curve said{.name = "the network", .x = places, .y = answers.y};
    return Chart{
        .title = title, .x_label = "x", .y_label = "y", .curves = {samples, parabola, said}};
  };
  run.figure(
      save_charts(run.figure_file("curves", "What each network says over x", kNet),
                  {chart("without dropout", without.answers.front()),
                   chart("with dropout", with.answers.front()),
                   chart("dropout left on when asked", with.forgotten.front())}),
      "The points of the first seed, the parabola they come from (dashed) and what each network "
      "says. Left: without dropout the curve runs after the noise. Right: the network of the "
      "middle, with dropout left on while it is asked.");
  run.figure(
      save_charts(run.figure_file("losses", "Training and validation loss", kNet),
                  losses_charts("mean squared error", without.trainings, with.trainings)),
      "The losses over all points in evaluation mode, mean over the seeds. The validation "
      "points have noise of their own, of variance 1. Without dropout the training loss goes "
      "on falling, at their cost.");

  // 4. The claims, and what to try next.
  if (run.options().smoke)
    run.claim(
        "with dropout the mean squared distance from y = x² is at most " + shortest(kSmokeClaim),
        dropped <= kSmokeClaim, fixed(dropped, 4));
  else
    run.claim("dropout is nearer to y = x², mean of 3 seeds", dropped < plain,
              "a mean squared distance of " + fixed(plain, 4) + " without, " + fixed(dropped, 4) +
                  " with");
  run.exercises(
      {"lessons/run 14 --epochs 5000: ten times as long. How near does the training loss without "
       "dropout come to 0?",
       "lessons/run 14 --lr 0.001: with smaller steps, which is nearer?",
       "lessons/run 14 --seed 9: other noise. How much does the distance change from seed to "
       "seed?"});
}

}  // namespace lessons
