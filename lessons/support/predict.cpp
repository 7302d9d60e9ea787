#include "support/predict.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "support/model_file.h"
#include "support/networks.h"
#include "support/picture_files.h"
#include "support/text.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/io.h"
#include "weft/ops/gather.h"
#include "weft/ops/softmax.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShown = 3;               // of the classes of a picture
constexpr std::int64_t kLargestSide = 1'024;    // of a model's pictures
constexpr std::int64_t kMostWeights = 1 << 26;  // from pixels to classes: a network of a second
constexpr std::int64_t kBatch = 100;

// What a lesson does with pictures; their size and classes where a model's file does not say.
struct Reader {
  int lesson;
  weft::nn::Sequential (*network)(PictureSize, std::int64_t classes, weft::Generator&);
  PictureSize size;
  std::int64_t classes;
  weft::Scaling scaling;
};

constexpr weft::Scaling kInk{1.0f / 255, 0}, kFaces{2.0f / 255, -1};
constexpr Reader kReaders[] = {{4, softmax_mnist_network, {28, 28}, 10, kInk},
                               {8, mnist_hidden_layer_network, {28, 28}, 10, kInk},
                               {24, cnn_small_images_network, {16, 16}, 10, kInk},
                               {25, cnn_batches_network, {16, 16}, 10, kInk},
                               {26, anime_cnn_network, {64, 64, 3}, 8, kFaces}};

const Reader& reader_of(const Lesson& lesson) {
  std::string numbers;
  for (const Reader& reader : kReaders) {
    if (reader.lesson == lesson.number) return reader;
    numbers +=
        (numbers.empty() ? "" : ", ") + find_lesson(std::to_string(reader.lesson))->full_name();
  }
  throw UsageError("predict: expected a lesson whose model reads pictures (" + numbers +
                   "), found " + lesson.full_name());
}

std::string described(const weft::Tensor& tensor) {
  return std::string(tensor.dtype() == weft::DType::float32 ? "" : weft::name_of(tensor.dtype())) +
         tensor.shape().to_string();
}

// What can be done about a file that does not fit: most likely it is another lesson's.
std::string advice(const ModelFile& file, const Lesson& lesson) {
  const std::string from = file.text("lesson");
  const Lesson* const other = find_lesson(from);
  if (other != nullptr && other->number != lesson.number) {
    const bool reads = std::any_of(std::begin(kReaders), std::end(kReaders),
                                   [&](const Reader& r) { return r.lesson == other->number; });
    return "it is a model of " + other->full_name() +
           (reads ? ": use weft-lessons predict " + other->full_name() + ", or "
                  : ", which predict has no use for: ") +
           "train one with weft-lessons run " + lesson.full_name();
  }
  return "train one with weft-lessons run " + lesson.full_name();
}

void load(const ModelFile& file, const Lesson& lesson, weft::nn::Module& model) {
  const weft::nn::NamedTensors stored = weft::load_safetensors(file.path());
  const weft::nn::NamedTensors own = model.named_state();
  const auto in = [](const weft::nn::NamedTensors& tensors, const std::string& name) {
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const auto& tensor) { return tensor.first == name; });
    return found == tensors.end() ? weft::Tensor() : found->second;
  };
  const std::string of_lesson = " of the network of " + lesson.full_name();
  for (const auto& [name, tensor] : own) {
    const weft::Tensor found = in(stored, name);
    if (found.defined() && found.shape() == tensor.shape() && found.dtype() == tensor.dtype())
      continue;
    file.refuse("expected the tensor \"" + name + "\" " + described(tensor) + of_lesson +
                ", found " + (found.defined() ? described(found) : "none of that name") + "; " +
                advice(file, lesson));
  }
  for (const auto& [name, tensor] : stored)
    if (!in(own, name).defined())
      file.refuse("expected the tensors" + of_lesson + " alone, found one more of " +
                  described(tensor) + "; " + advice(file, lesson));
  model.load(stored);
}

// [pictures, classes]
std::vector<float> probabilities(weft::nn::Sequential& model, const weft::Tensor& pictures,
                                 weft::Scaling scaling, weft::Device device) {
  const weft::NoGrad no_grad;
  const weft::nn::EvaluationMode evaluation(model);
  std::vector<float> result;
  for (std::int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    const std::int64_t count = std::min(kBatch, pictures.size(0) - begin);
    const weft::Tensor part = pictures.rows(begin, begin + count).to(device);
    weft::Tensor x = weft::empty(part.shape(), weft::DType::float32, device);
    weft::Tensor no_labels = weft::zeros({count}, weft::DType::int32, device),
                 ignored = no_labels.clone();
    weft::gather_rows_(x, ignored, part, no_labels, 0, weft::Order::in_order(), scaling);
    const auto values = weft::softmax(model(x)).to_vector<float>();
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

std::string answer(const float* shares, const std::vector<std::string>& names) {
  std::vector<std::size_t> best(names.size());
  std::iota(best.begin(), best.end(), std::size_t{0});
  std::stable_sort(best.begin(), best.end(),
                   [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
  best.resize(std::min(kShown, best.size()));
  std::size_t widest = 0;
  for (const std::size_t i : best) widest = std::max(widest, width(names[i]));
  std::string text;
  for (const std::size_t i : best) {
    const std::string share = percent(static_cast<double>(shares[i]));
    text += "  " + names[i] + std::string(widest - width(names[i]), ' ') +
            std::string(share.size() < 9 ? 9 - share.size() : 1, ' ') + share + '\n';
  }
  return text;
}

}  // namespace

int predict_pictures(const Options& options) {
  const Reader& reader = reader_of(*options.lesson);
  const ModelFile file(options.model);
  const PictureSize size{file.number("rows", reader.size.rows, kLargestSide),
                         file.number("columns", reader.size.columns, kLargestSide),
                         file.number("channels", reader.size.channels, 3)};
  if (size.channels != reader.size.channels)
    file.refuse("expected a model of pictures in " + std::to_string(reader.size.channels) +
                " channels, found " + std::to_string(size.channels) + "; " +
                advice(file, *options.lesson));
  const std::int64_t classes = file.number("classes", reader.classes, kMostClasses);
  if (size.pixels() * classes > kMostWeights)
    file.refuse("expected pixels and classes with a product of at most " +
                std::to_string(kMostWeights) + " in the metadata, found " +
                std::to_string(size.pixels()) + " and " + std::to_string(classes));
  const std::vector<std::string> names = file.class_names(classes);

  weft::Generator generator(0);  // for weights that the file replaces
  weft::nn::Sequential model = reader.network(size, classes, generator);
  load(file, *options.lesson, model);
  model.to(options.device);

  const PictureFiles pictures = read_picture_files(options.pictures, size);
  const auto shares = probabilities(model, pictures.pixels, reader.scaling, options.device);
  if (!std::all_of(shares.begin(), shares.end(), [](float share) { return std::isfinite(share); }))
    file.refuse(
        "expected a model that gives numbers, found one that does not: its weights are too "
        "large or no numbers");
  for (std::size_t i = 0; i < options.pictures.size(); ++i)
    std::cout << options.pictures[i].string() << " (" << pictures.notes[i] << ")\n"
              << answer(shares.data() + i * names.size(), names);
  return 0;
}

}  // namespace lessons
