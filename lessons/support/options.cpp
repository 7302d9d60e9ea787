#include "support/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "support/text.h"

namespace lessons {

namespace {

constexpr const char* kProgram = "weft-lessons";
constexpr int kMostEpochs = 100'000;
constexpr std::int64_t kLargestBatch = 1'000'000'000;
constexpr const char* kDeviceHelp =
    "auto, cpu, gpu or gpu:N, one of several (auto: gpu where there is a real one)";
constexpr const char* kPredictHelp =
    "Prints the classes with the highest probabilities for each picture. Pictures are resized\n"
    "to the model's size, whatever their proportions: cut them to a square or nearly, with one\n"
    "digit or one face in the middle. The models of 04, 08, 24 and 25 know white ink on black:\n"
    "a picture whose border is brighter than its middle is inverted first.";
constexpr double kLargestRate = 1e38;  // what float32 holds

// The library that reads the command line gets text only: it would take 0x10 for 16 and 1e3 for no
// number, and its own sentences do not say what was found.
template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shortened(const std::string& text) {
  return '"' + (text.size() <= 40 ? text : text.substr(0, 37) + "...") + '"';
}

[[noreturn]] void refuse(const std::string& flag, const std::string& expected,
                         const std::string& found) {
  throw UsageError(flag + ": expected " + expected + ", found " + shortened(found));
}

template <class Whole>
void read_whole(const CLI::Option& option, const std::string& text, Whole least, Whole most,
                Whole& to) {
  if (option.count() == 0) return;
  const auto value = number_in<Whole>(text);
  if (!value || *value < least || *value > most)
    refuse(option.get_name(),
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most), text);
  to = *value;
}

void read_rate(const CLI::Option& option, const std::string& text, double& to) {
  if (option.count() == 0) return;
  const auto value = number_in<double>(text);
  if (!value || !std::isfinite(*value) || *value <= 0 || *value > kLargestRate)
    refuse(option.get_name(), "a number above 0 and at most " + shortest(kLargestRate), text);
  to = *value;
}

weft::Device read_device(const std::string& text) {
  if (text == "cpu") return weft::Device::cpu;
  const bool is_numbered = text.starts_with("gpu:");
  const auto index = is_numbered ? number_in<int>(text.substr(4)) : std::nullopt;
  if (text == "gpu" || (index && *index >= 0)) {
    if (!weft::gpu_available())
      throw UsageError("--device: expected a device that is there, found " + text + ": " +
                       weft::gpu_unavailable_reason());
    const int last = weft::gpu_count() - 1;
    if (index && *index > last)
      throw UsageError("--device: expected a GPU that is there, gpu:0" +
                       (last > 0 ? " to gpu:" + std::to_string(last) : "") + ", found " + text);
    if (index) weft::use_gpu(*index);
    return weft::Device::gpu;
  }
  if (text != "auto")
    refuse("--device", std::string("auto, cpu, gpu or gpu:N") + (is_numbered ? ", N from 0" : ""),
           text);
  // The executor is for looking at kernels; the CPU path gives the same results much sooner.
  const bool real = weft::gpu_available() && !weft::gpu_properties().is_executor;
  return real ? weft::Device::gpu : weft::Device::cpu;
}

// A command line that a shell reads back to the same words.
std::string as_typed(int argc, char** argv) {
  std::string line = kProgram;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    constexpr const char* kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += " " + word;
      continue;
    }
    line += " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

// The library's own: "--lr: 1 required TEXT missing", "--seed: At Most 1 required but received 2",
// "smoke was given a disallowed flag override".
[[noreturn]] void refuse_count(const std::string& what) {
  const std::string first = what.substr(0, what.find_first_of(": "));
  if (what.find("flag override") != std::string::npos)
    throw UsageError("--" + first + ": expected no value, found one");
  throw UsageError(first + (what.find("received") == std::string::npos
                                ? ": expected a value, found none"
                                : ": expected it once, found it again"));
}

// The sentences for words that the command line has no use for.
[[noreturn]] void refuse_rest(const std::vector<std::string>& rest, const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  for (const CLI::App* sub : command.get_subcommands({})) flags.push_back(sub->get_name());
  const std::string word = rest.front().substr(0, rest.front().find('='));
  const std::string near = nearest(word, flags);
  const std::string name = command.get_name(),
                    help = name == kProgram ? name : kProgram + (" " + name);
  throw UsageError(
      "no use for " + shortened(word) + "; " +
      (near.empty() ? help + " --help shows what there is" : "did you mean " + near + "?"));
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  options.command_line = as_typed(argc, argv);

  CLI::App app("Weft's lessons: each trains a small network and says whether its claim holds.",
               kProgram);
  app.allow_extras();
  app.set_version_flag("--version", std::string("weft-lessons ") + WEFT_VERSION);
  CLI::App& list = *app.add_subcommand("list", "Shows the lessons")->allow_extras();
  CLI::App& doctor = *app.add_subcommand("doctor", "Shows what was found and what will be used");
  doctor.allow_extras();
  CLI::App& overview = *app.add_subcommand(
      "overview", "Writes the page of all results in a folder, and shows them as a table");
  overview.allow_extras();
  std::string folder = "runs";
  overview.add_option("FOLDER", folder, "The folder of the lessons' folders: runs");
  CLI::App& run = *app.add_subcommand("run", "Runs a lesson, several, or all")->allow_extras();
  std::vector<std::string> names;
  std::string device = "auto", epochs, lr, batch, seed, data, out;
  run.add_option("LESSON", names,
                 "Its number or name: 04, softmax_mnist or 04_softmax_mnist; or all");
  run.add_option("--device", device, kDeviceHelp);
  const auto& epochs_option = *run.add_option("--epochs", epochs, "Passes over the training data");
  const auto& lr_option = *run.add_option("--lr", lr, "Learning rate");
  const auto& batch_option = *run.add_option("--batch", batch, "Samples in a batch");
  const auto& seed_option = *run.add_option("--seed", seed, "Fixes every random number of the run");
  const auto& data_option = *run.add_option("--data", data, "Folder with a data set of your own");
  const auto& out_option =
      *run.add_option("--out", out, "Folder for the results: runs/<lesson>; of several: runs");
  const auto add_flag = [&](const char* flag, bool& to, const char* description) {
    run.add_flag(flag, to, description)->disable_flag_override();
  };
  add_flag("--smoke", options.smoke, "A few seconds on fewer samples, with a weaker claim");
  add_flag("--quiet", options.quiet, "Prints the claim alone");
  add_flag("--profile", options.profile, "Times every op");

  CLI::App& predict = *app.add_subcommand("predict", "Says what a trained model sees in pictures");
  predict.allow_extras()->footer(kPredictHelp);
  std::string of, model;
  std::vector<std::string> pictures;
  predict.add_option("LESSON", of, "The lesson that trained the model: 04, 08, 24, 25 or 26");
  const auto& model_option =
      *predict.add_option("--model", model, "Its file: runs/04_softmax_mnist/model.safetensors");
  predict.add_option("PICTURE", pictures, "PNG or JPEG files");
  predict.add_option("--device", device, kDeviceHelp);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    std::ostringstream text;
    app.exit(asked, text, text);
    options.text = text.str();
    return options;
  } catch (const CLI::ArgumentMismatch& error) {
    refuse_count(error.what());
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  for (const CLI::App* command : {&run, &list, &doctor, &overview, &predict})
    if (command->parsed() && !command->remaining().empty())
      refuse_rest(command->remaining(), *command);
  if (!app.remaining().empty()) refuse_rest(app.remaining(), app);
  if (predict.parsed()) {
    options.command = Options::Command::predict;
    if (of.empty()) throw UsageError("predict: expected the lesson of the model, found none");
    options.lesson = find_lesson(of);
    if (options.lesson == nullptr) throw UsageError("predict: " + unknown_lesson(of));
    if (model_option.count() == 0 || model.empty())
      throw UsageError(
          "--model: expected the file of a trained model, found none; a run leaves it in runs/" +
          options.lesson->full_name() + "/model.safetensors");
    if (pictures.empty())
      throw UsageError("predict: expected a PNG or JPEG picture or several, found none");
    options.model = model;
    options.pictures.assign(pictures.begin(), pictures.end());
    options.device = read_device(device);
    return options;
  }
  if (!run.parsed()) {
    if (list.parsed()) options.command = Options::Command::list;
    if (doctor.parsed()) options.command = Options::Command::doctor;
    if (overview.parsed()) options.command = Options::Command::overview;
    options.out = folder;
    options.text = app.help();
    return options;
  }

  options.all = names == std::vector<std::string>{"all"};
  if (options.all)
    for (const Lesson& lesson : all_lessons()) options.lessons.push_back(&lesson);
  else
    for (const std::string& name : names) {
      options.lessons.push_back(find_lesson(name));
      if (options.lessons.back() == nullptr) throw UsageError("run: " + unknown_lesson(name));
    }
  if (options.lessons.empty())
    throw UsageError("run: expected a lesson, found none; weft-lessons list shows them");
  const bool one = options.lessons.size() == 1;
  options.command = one ? Options::Command::run : Options::Command::run_each;
  options.lesson = options.lessons.front();
  options.settings = options.smoke ? options.lesson->smoke : options.lesson->defaults;
  read_whole(epochs_option, epochs, 1, kMostEpochs, options.settings.epochs);
  read_rate(lr_option, lr, options.settings.lr);
  read_whole(batch_option, batch, std::int64_t{1}, kLargestBatch, options.settings.batch);
  read_whole(seed_option, seed, std::uint64_t{0}, ~std::uint64_t{0}, options.settings.seed);
  // Of several lessons it is enough if one has a use for it.
  const auto require_use = [&](const CLI::Option& option, bool Lesson::*has_use, const char* why) {
    if (option.count() > 0 && std::none_of(options.lessons.begin(), options.lessons.end(),
                                           [&](const Lesson* lesson) { return lesson->*has_use; }))
      throw UsageError(option.get_name() + ": " + options.lesson->full_name() + why);
  };
  require_use(data_option, &Lesson::takes_data, " makes its own data");
  for (const CLI::Option* option : {&epochs_option, &lr_option, &batch_option})
    require_use(*option, &Lesson::trains, " trains nothing");
  if (data_option.count() > 0) options.data = data;
  options.out = out_option.count() > 0 ? out : one ? "runs/" + options.lesson->full_name() : "runs";
  if (options.out.empty() || (options.data && options.data->empty()))
    throw UsageError((options.out.empty() ? std::string("--out") : std::string("--data")) +
                     ": expected a folder, found \"\"");
  options.device = read_device(device);
  for (const CLI::Option* option : run.get_options())
    if (option->count() > 0 && !option->get_lnames().empty() && option != &out_option) {
      options.flags.push_back({option->get_name()});
      if (option->get_expected_max() > 0) options.flags.back().push_back(option->results().front());
    }
  return options;
}

void require_batch(std::int64_t batch, std::int64_t samples) {
  if (batch > samples)
    throw UsageError("--batch: expected at most the " + grouped(samples) +
                     " training samples, found " + std::to_string(batch));
}

}  // namespace lessons
