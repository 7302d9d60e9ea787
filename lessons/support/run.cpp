#include "support/run.h"

#include <algorithm>
#include <iostream>

#include "support/text.h"
#include "weft/io.h"
#include "weft/profile.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMetricsHead = "run,epoch,step,train_loss,test_loss,test_accuracy,seconds\n";
constexpr std::chrono::seconds kBetweenWrites{5};

// What an earlier run left must not pass for this one's, should it be interrupted.
void remove_earlier(const fs::path& out) {
  std::error_code ignored;
  fs::remove(out / "report.html", ignored);
  remove_result(out);
}

}  // namespace

Run::Run(const Options& options) : options_(options), terminal_(options.quiet) {
  options_.out = fs::absolute(options.out).lexically_normal();
  weft::set_profiling(options.profile);
}

void Run::story(const std::string& title, const std::vector<std::string>& paragraphs) {
  report_.title = title;
  report_.story = paragraphs;
  terminal_.title(title);
  for (const std::string& paragraph : paragraphs) terminal_.paragraph(paragraph);
  const Settings& s = settings();
  fact("device", weft::describe(device()));
  if (!options_.lesson->trains) {
    remove_earlier(options_.out);  // the others do that as they train, with their input checked
    fact("settings", "seed " + std::to_string(s.seed) + (options_.smoke ? ", smoke run" : ""));
    return;
  }
  fact("settings", std::to_string(s.epochs) + (s.epochs == 1 ? " epoch" : " epochs") +
                       ", learning rate " + shortest(s.lr) + ", batch " + grouped(s.batch) +
                       ", seed " + std::to_string(s.seed) + (options_.smoke ? ", smoke run" : ""));
}

void Run::fact(const std::string& name, const std::string& value) {
  report_.facts.emplace_back(name, value);
  terminal_.fact(name, value);
}

TrainingLog Run::train(const std::string& name, int epochs) {
  if (metrics_.empty()) {
    terminal_.plain("\n");
    // Written now, so that a folder that cannot be written to costs no training.
    metrics_ = kMetricsHead;
    remove_earlier(options_.out);
    write_metrics(true);
  }
  const bool on_gpu = device() == weft::Device::gpu;
  return {*this, name, on_gpu ? name + " on " + weft::describe(device()) : name, epochs};
}

void Run::progress(const std::string& name, int epoch, int epochs, const weft::Summary& trained,
                   const weft::Summary& tested, double seconds) {
  const std::string time = "   " + fixed(seconds, 1) + " s";
  const auto accuracy = [&](const char* label, int digits) {
    return tested.rows > 0 ? label + percent(tested.accuracy(), digits) : std::string();
  };
  if (short_trainings_ == 0) {
    terminal_.progress("epoch", epoch, epochs,
                       "train loss " + fixed(trained.loss, 4) + "   test loss " +
                           fixed(tested.loss, 4) + accuracy("   test accuracy ", 2) + time);
  } else if (epoch == epochs) {
    terminal_.progress(
        "training", ++trained_, short_trainings_,
        name + ": loss " + fixed(tested.loss, 4) + accuracy("   accuracy ", 1) + time);
  }
}

void Run::write_metrics(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - metrics_written_ < kBetweenWrites) return;
  weft::write_file(options_.out / "metrics.csv", metrics_);
  metrics_written_ = time;
}

void Run::save_model(const std::string& name, const weft::nn::Module& model, bool is_main,
                     const std::map<std::string, std::string>& about) {
  std::map<std::string, std::string> metadata{{"lesson", options_.lesson->full_name()},
                                              {"model", name},
                                              {"seed", std::to_string(settings().seed)},
                                              {"weft", WEFT_VERSION}};
  metadata.insert(about.begin(), about.end());
  weft::save_safetensors(options_.out / (name + ".safetensors"), model.named_state(), metadata);
  if (is_main)
    weft::save_safetensors(options_.out / "model.safetensors", model.named_state(), metadata);
}

weft::FigureFile Run::figure_file(const std::string& name, const std::string& title,
                                  const std::string& net) const {
  const Settings& s = settings();
  if (!options_.lesson->trains)
    return {options_.out, name, title, net + ", " + weft::describe(device())};
  return {options_.out, name, title,
          net + ", lr " + shortest(s.lr) + ", batch " + std::to_string(s.batch) + ", seed " +
              std::to_string(s.seed) + ", " + weft::describe(device())};
}

void Run::figure(const weft::SavedFigure& figure, const std::string& caption) {
  report_.figures.push_back(
      {figure.picture, caption, figure.problem,
       figure.table.filename().string() + ", " + figure.script.filename().string()});
  if (figure.problem.empty() || told_about_figures_) return;
  told_about_figures_ = true;
  std::cerr << "weft-lessons: no pictures: " << figure.problem
            << ". Each figure's script (.gp) and numbers (.csv) are in " << options_.out.string()
            << "." << std::endl;
}

void Run::table(const std::string& title, const Table& rows) {
  report_.tables.emplace_back(title, rows);
  terminal_.plain("\n" + (report_.tables.size() > 1 ? title + "\n\n" : ""));
  terminal_.table(rows);
}

void Run::claim(const std::string& claim, bool holds, const std::string& found) {
  const Settings& own = options_.smoke ? options_.lesson->smoke : options_.lesson->defaults;
  std::string only_reported;
  if (options_.data)
    only_reported = "the data are your own";
  else if (settings().epochs < own.epochs)
    only_reported = "it was made for " + std::to_string(own.epochs) + " epochs";
  report_.claims.push_back({claim, found, holds, only_reported});
}

void Run::exercises(const std::vector<std::string>& exercises) { report_.exercises = exercises; }

void Run::write_report(int status) {
  if (report_.title.empty()) report_.title = "Lesson " + options_.lesson->full_name();
  report_.facts.emplace_back("command", options_.command_line);
  if (options_.profile) report_.profile = weft::profile_report();
  weft::write_file(options_.out / "report.html", report_.html());
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_);
  lessons::write_result(
      options_.out,
      {.lesson = options_.lesson->full_name(),
       .title = report_.title,
       .status = status,
       .stopped = report_.stopped,
       .claims = report_.claims,
       .figure = report_.figures.empty() ? "" : report_.figures.front().picture.filename().string(),
       .seed = settings().seed,
       .smoke = options_.smoke,
       .device = weft::describe(device()),
       .seconds = seconds.count(),
       .ended = time_now(),
       .version = WEFT_VERSION,
       .output = ""});
}

int Run::finish() {
  const bool good =
      std::all_of(report_.claims.begin(), report_.claims.end(),
                  [](const Claim& claim) { return claim.holds || !claim.only_reported.empty(); });
  write_report(good ? 0 : 1);
  if (options_.profile) terminal_.plain(report_.profile + "\n");
  for (const Claim& claim : report_.claims) {
    terminal_.result(
        claim.holds,
        (claim.holds ? "The claim holds: " : "The claim does not hold: ") + claim.claim +
            ", found " + claim.found + "." +
            (claim.only_reported.empty() ? "" : " (Reported only: " + claim.only_reported + ".)"));
  }
  if (!report_.exercises.empty()) {
    terminal_.plain("\nTry next:\n");
    terminal_.list(report_.exercises);
  }
  terminal_.plain("\nResults: " + (options_.out / "report.html").string() + "\n");
  return good ? 0 : 1;
}

int Run::stop(const std::string& why) {
  report_.stopped = why;
  write_report(1);
  terminal_.result(false, why);
  terminal_.plain("\nWhat there is: " + (options_.out / "report.html").string() + "\n");
  return 1;
}

}  // namespace lessons
