#pragma once

// The list of the lessons. A lesson is one function in lessons/NN_name.cpp; to add one, write the
// function and its line in lessons.cpp.

#include <cstdint>
#include <string>
#include <vector>

namespace lessons {

class Run;

/// What a learner may change from the command line.
struct Settings {
  int epochs = 1;
  double lr = 0.1;
  std::int64_t batch = 1;
  std::uint64_t seed = 1;
};

struct Lesson {
  int number;
  const char* name;
  const char* summary;  // one line for the list
  Settings defaults;
  Settings smoke;      // small enough for a test
  bool takes_data;     // --data makes sense
  bool trains = true;  // else there is nothing for --epochs, --lr and --batch to change
  void (*teach)(Run& run);

  std::string full_name() const;  // "04_softmax_mnist"
};

const std::vector<Lesson>& all_lessons();

/// The lesson called "04", "4", "softmax_mnist" or "04_softmax_mnist"; null where there is none.
const Lesson* find_lesson(const std::string& text);

/// A sentence on a name that find_lesson does not know, with the nearest one that it does.
std::string unknown_lesson(const std::string& text);

}  // namespace lessons
