#pragma once

// One run of a lesson: what the lesson says goes to the terminal and into the report page, what it
// makes goes into the run's folder.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "support/options.h"
#include "support/report.h"
#include "support/terminal.h"
#include "support/training_log.h"
#include "weft/device.h"
#include "weft/figures.h"
#include "weft/nn.h"

namespace lessons {

class Run {
 public:
  explicit Run(const Options& options);

  const Options& options() const { return options_; }
  const Settings& settings() const { return options_.settings; }
  weft::Device device() const { return options_.device; }

  /// The story, first thing: what is trained and why. A string is a paragraph.
  void story(const std::string& title, const std::vector<std::string>& paragraphs);

  /// What the run consists of, beside device, settings and seed, which are added by themselves.
  void fact(const std::string& name, const std::string& value);

  /// Says that `count` short trainings follow. Each is one line of progress, and metrics.csv has a line
  /// for each epoch but for the first 50 steps alone.
  void short_trainings(int count) { short_trainings_ = count; }

  /// A line above the progress of the next training, where there are several.
  void progress_title(const std::string& text) { terminal_.plain("\n  " + text + "\n"); }

  /// Begins a training of the given name. The first one makes the run's folder.
  TrainingLog train(const std::string& name) { return train(name, settings().epochs); }
  TrainingLog train(const std::string& name, int epochs);

  /// Writes NAME.safetensors, and model.safetensors as well where it is the lesson's main model. `about` goes
  /// into the file's metadata: weft-lessons predict reads about_pictures (support/networks.h).
  void save_model(const std::string& name, const weft::nn::Module& model, bool is_main = true,
                  const std::map<std::string, std::string>& about = {});

  /// Where figure `name` goes and what stands above it: the net; device and settings are added.
  weft::FigureFile figure_file(const std::string& name, const std::string& title,
                               const std::string& net) const;
  /// The first figure of a run is its main one: the page of all lessons shows it.
  void figure(const weft::SavedFigure& figure, const std::string& caption);

  void table(const std::string& title, const Table& rows);
  /// Decides the exit status, unless the data are the user's own or the epochs fewer than the lesson's.
  void claim(const std::string& claim, bool holds, const std::string& found);
  void exercises(const std::vector<std::string>& exercises);

  /// Writes the report and says where everything is. Returns the program's exit status.
  int finish();

  /// The same for a run that could not go on.
  int stop(const std::string& why);

  /// What a training says after an epoch. For its log.
  void progress(const std::string& name, int epoch, int epochs, const weft::Summary& trained,
                const weft::Summary& tested, double seconds);
  bool keeps_step(std::size_t step) const { return short_trainings_ == 0 || step <= kFirstSteps; }
  void add_metrics(const std::string& line) { metrics_ += line; }
  void write_metrics(bool now);  // else only where some seconds have gone by since the last time

 private:
  static constexpr std::size_t kFirstSteps = 50;
  void write_report(int status);

  Options options_;
  Terminal terminal_;
  Report report_;
  std::string metrics_;
  std::chrono::steady_clock::time_point metrics_written_;
  bool told_about_figures_ = false;
  int short_trainings_ = 0, trained_ = 0;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace lessons
