#include "support/lessons.h"

#include "support/text.h"

namespace lessons {

void logistic_bad_start(Run& run);
void logistic_cross_entropy(Run& run);
void softmax_1d(Run& run);
void softmax_mnist(Run& run);
void hidden_layer(Run& run);
void more_neurons(Run& run);
void xor_problem(Run& run);
void mnist_hidden_layer(Run& run);
void activations(Run& run);
void mnist_activations(Run& run);
void deep_mnist(Run& run);
void spirals(Run& run);
void dropout_classification(Run& run);
void dropout_regression(Run& run);
void same_weights(Run& run);
void xavier_mnist(Run& run);
void momentum_polynomial(Run& run);
void momentum_network(Run& run);
void batch_norm_lesson(Run& run);
void convolution(Run& run);
void activation_max_pool(Run& run);
void multi_channel_convolution(Run& run);
void cnn_bars(Run& run);
void cnn_small_images(Run& run);
void cnn_batches(Run& run);
void anime_cnn(Run& run);

const std::vector<Lesson>& all_lessons() {
  static const std::vector<Lesson> kLessons{
      {.number = 1,
       .name = "logistic_bad_start",
       .summary = "one weight and one bias: where squared error learns, and where it is stuck",
       .defaults = {.epochs = 100, .lr = 2, .batch = 3},
       .smoke = {.epochs = 60, .lr = 2, .batch = 3},
       .takes_data = false,
       .teach = logistic_bad_start},
      {.number = 2,
       .name = "logistic_cross_entropy",
       .summary = "the same bad start with cross-entropy, which gets away from it",
       .defaults = {.epochs = 100, .lr = 2, .batch = 3},
       .smoke = {.epochs = 40, .lr = 2, .batch = 3},
       .takes_data = false,
       .teach = logistic_cross_entropy},
      {.number = 3,
       .name = "softmax_1d",
       .summary = "three classes on a line: three straight lines, and softmax decides",
       .defaults = {.epochs = 300, .lr = 0.01, .batch = 5},
       .smoke = {.epochs = 60, .lr = 0.05, .batch = 5},
       .takes_data = false,
       .teach = softmax_1d},
      {.number = 4,
       .name = "softmax_mnist",
       .summary =
           "softmax regression reads handwritten digits: 784 inputs, 10 outputs, no hidden layer",
       .defaults = {.epochs = 10, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 100},
       .takes_data = true,
       .teach = softmax_mnist},
      {.number = 5,
       .name = "hidden_layer",
       .summary = "two hidden neurons learn a yes between two borders",
       .defaults = {.epochs = 1000, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 10, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .teach = hidden_layer},
      {.number = 6,
       .name = "more_neurons",
       .summary = "two islands of yes on a line: how many hidden neurons four borders take",
       .defaults = {.epochs = 600, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 60, .lr = 0.1, .batch = 100},
       .takes_data = false,
       .teach = more_neurons},
      {.number = 7,
       .name = "xor",
       .summary = "exclusive or: how many hidden neurons it takes, and from how many starts",
       .defaults = {.epochs = 500, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 2, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .teach = xor_problem},
      {.number = 8,
       .name = "mnist_hidden_layer",
       .summary =
           "a hidden layer of 100 sigmoids on MNIST: undertrained, and what a larger step does",
       .defaults = {.epochs = 30, .lr = 0.01, .batch = 2000},
       .smoke = {.epochs = 1, .lr = 0.01, .batch = 200},
       .takes_data = true,
       .teach = mnist_hidden_layer},
      {.number = 9,
       .name = "activations",
       .summary = "sigmoid, tanh and ReLU, their derivatives, and each in a network",
       .defaults = {.epochs = 600, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 60, .lr = 0.1, .batch = 100},
       .takes_data = false,
       .teach = activations},
      {.number = 10,
       .name = "mnist_activations",
       .summary = "the network of 08 with sigmoid, tanh and ReLU",
       .defaults = {.epochs = 30, .lr = 0.01, .batch = 2000},
       .smoke = {.epochs = 2, .lr = 0.1, .batch = 200},
       .takes_data = true,
       .teach = mnist_activations},
      {.number = 11,
       .name = "deep_mnist",
       .summary = "two hidden layers: where the gradient of sigmoids goes",
       .defaults = {.epochs = 10, .lr = 0.01, .batch = 2000},
       .smoke = {.epochs = 2, .lr = 0.1, .batch = 200},
       .takes_data = true,
       .teach = deep_mnist},
      {.number = 12,
       .name = "spirals",
       .summary = "three spiral arms: depth against width, and why batches are shuffled",
       .defaults = {.epochs = 100, .lr = 0.1, .batch = 20},
       .smoke = {.epochs = 4, .lr = 0.1, .batch = 20},
       .takes_data = false,
       .teach = spirals},
      {.number = 13,
       .name = "dropout_classification",
       .summary = "few noisy points, many weights: dropout against learning by heart",
       .defaults = {.epochs = 500, .lr = 0.01, .batch = 1000},
       .smoke = {.epochs = 50, .lr = 0.01, .batch = 100},
       .takes_data = false,
       .teach = dropout_classification},
      {.number = 14,
       .name = "dropout_regression",
       .summary = "a parabola in noise: dropout, and evaluation mode forgotten",
       .defaults = {.epochs = 500, .lr = 0.01, .batch = 40},
       .smoke = {.epochs = 50, .lr = 0.01, .batch = 40},
       .takes_data = false,
       .teach = dropout_regression},
      {.number = 15,
       .name = "same_weights",
       .summary = "two neurons that start the same stay the same",
       .defaults = {.epochs = 1000, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 10, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .teach = same_weights},
      {.number = 16,
       .name = "xavier_mnist",
       .summary = "six layers of tanh: the start decides whether they learn",
       .defaults = {.epochs = 15, .lr = 0.01, .batch = 2000},
       .smoke = {.epochs = 2, .lr = 0.05, .batch = 100},
       .takes_data = true,
       .teach = xavier_mnist},
      {.number = 17,
       .name = "momentum_polynomial",
       .summary = "one weight on a quartic: momentum rolls through the local minimum",
       .defaults = {.epochs = 100, .lr = 0.001, .batch = 1},
       .smoke = {.epochs = 100, .lr = 0.001, .batch = 1},
       .takes_data = false,
       .teach = momentum_polynomial},
      {.number = 18,
       .name = "momentum_network",
       .summary = "momentum on the spirals, in order and shuffled",
       .defaults = {.epochs = 100, .lr = 0.1, .batch = 20},
       .smoke = {.epochs = 4, .lr = 0.1, .batch = 20},
       .takes_data = false,
       .teach = momentum_network},
      {.number = 19,
       .name = "batch_norm",
       .summary = "two hidden layers of sigmoids, with and without batch norm",
       .defaults = {.epochs = 5, .lr = 0.1, .batch = 2000},
       .smoke = {.epochs = 2, .lr = 0.05, .batch = 200},
       .takes_data = true,
       .teach = batch_norm_lesson},
      {.number = 20,
       .name = "convolution",
       .summary = "a kernel slides over a picture: edges, sizes, and three ways to compute it",
       .defaults = {.epochs = 1, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .trains = false,
       .teach = convolution},
      {.number = 21,
       .name = "activation_max_pool",
       .summary = "ReLU and pooling on a map, and what a shift of the picture changes",
       .defaults = {.epochs = 1, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .trains = false,
       .teach = activation_max_pool},
      {.number = 22,
       .name = "multi_channel_convolution",
       .summary = "kernels that answer to lines, and the sum over channels",
       .defaults = {.epochs = 1, .lr = 0.1, .batch = 1},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 1},
       .takes_data = false,
       .trains = false,
       .teach = multi_channel_convolution},
      {.number = 23,
       .name = "cnn_bars",
       .summary = "119 parameters tell vertical bars from horizontal ones",
       .defaults = {.epochs = 10, .lr = 0.001, .batch = 10},
       .smoke = {.epochs = 1, .lr = 0.01, .batch = 10},
       .takes_data = false,
       .teach = cnn_bars},
      {.number = 24,
       .name = "cnn_small_images",
       .summary = "a convolutional network on MNIST at 16 x 16",
       .defaults = {.epochs = 3, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 10},
       .takes_data = true,
       .teach = cnn_small_images},
      {.number = 25,
       .name = "cnn_batches",
       .summary = "batch norm in the network of 24, and the size of the batch",
       .defaults = {.epochs = 10, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 1, .lr = 0.02, .batch = 10},
       .takes_data = true,
       .teach = cnn_batches},
      {.number = 26,
       .name = "anime_cnn",
       .summary = "eight drawn characters: softmax regression, a hidden layer, and convolutions",
       .defaults = {.epochs = 10, .lr = 0.001, .batch = 64},
       .smoke = {.epochs = 1, .lr = 0.001, .batch = 8},
       .takes_data = true,
       .teach = anime_cnn},
  };
  return kLessons;
}

std::string Lesson::full_name() const {
  return (number < 10 ? "0" : "") + std::to_string(number) + "_" + name;
}

const Lesson* find_lesson(const std::string& text) {
  for (const Lesson& lesson : all_lessons()) {
    const std::string number = std::to_string(lesson.number);
    if (text == lesson.name || text == lesson.full_name() || text == number || text == "0" + number)
      return &lesson;
  }
  return nullptr;
}

std::string unknown_lesson(const std::string& text) {
  std::vector<std::string> names;
  for (const Lesson& lesson : all_lessons()) {
    names.push_back(lesson.name);
    names.push_back(lesson.full_name());
  }
  const std::string near = nearest(text, names);
  return "expected a lesson's number or name, found \"" + text + "\"; " +
         (near.empty() ? "weft-lessons list shows them all" : "did you mean " + near + "?");
}

}  // namespace lessons
