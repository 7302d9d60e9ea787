// weft-lessons: exit status 0 where the claim holds, 1 where it does not, 2 for bad input; of several
// lessons the worst.

#include <exception>
#include <iostream>
#include <new>

#include "support/doctor.h"
#include "support/options.h"
#include "support/overview.h"
#include "support/predict.h"
#include "support/run.h"
#include "support/run_each.h"
#include "weft/error.h"

namespace {

using namespace lessons;

constexpr int kBadInput = 2;

int complain(const std::string& what) {
  std::cerr << "weft-lessons: " << what << std::endl;
  return kBadInput;
}

void print_list() {
  for (const Lesson& lesson : all_lessons())
    std::cout << lesson.full_name() << "  " << lesson.summary << '\n';
}

int teach(const Options& options) {
  Run run(options);
  try {
    options.lesson->teach(run);
    return run.finish();
  } catch (const TrainingStopped& stopped) {
    return run.stop(stopped.what());
  }
}

int answer(const Options& options) {
  switch (options.command) {
    case Options::Command::show_text:
      std::cout << options.text;
      return 0;
    case Options::Command::list:
      print_list();
      return 0;
    case Options::Command::doctor:
      return doctor();
    case Options::Command::run:
      return teach(options);
    case Options::Command::predict:
      return predict_pictures(options);
    case Options::Command::run_each:
      return run_each(options);
    case Options::Command::overview:
      return show_overview(options.out);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const int status = answer(parse(argc, argv));
  if (!std::cout.flush())
    return complain("expected to write to standard output, found it full or closed");
  return status;
} catch (const UsageError& error) {
  return complain(error.what());
} catch (const weft::Error& error) {
  return complain(error.what());
} catch (const std::bad_alloc&) {
  return complain("expected enough memory for the run, found none left");
} catch (const std::exception& error) {
  return complain(error.what());
}
