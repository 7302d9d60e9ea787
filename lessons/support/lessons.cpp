#include "support/lessons.h"

#include "support/text.h"

namespace lessons {

void softmax_mnist(Run& run);

const std::vector<Lesson>& all_lessons() {
  static const std::vector<Lesson> kLessons{
      {.number = 4,
       .name = "softmax_mnist",
       .summary =
           "softmax regression reads handwritten digits: 784 inputs, 10 outputs, no hidden layer",
       .defaults = {.epochs = 10, .lr = 0.1, .batch = 100},
       .smoke = {.epochs = 1, .lr = 0.1, .batch = 100},
       .takes_data = true,
       .teach = softmax_mnist},
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
