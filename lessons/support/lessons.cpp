#include "support/lessons.h"

#include "support/text.h"

namespace lessons {

void logistic_bad_start(Run& run);
void logistic_cross_entropy(Run& run);
void softmax_mnist(Run& run);
void hidden_layer(Run& run);
void xor_problem(Run& run);
void mnist_hidden_layer(Run& run);

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
