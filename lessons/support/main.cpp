// weft-lessons: exit status 0 where the claim holds, 1 where it does not, 2 for bad input.

#include <exception>
#include <iostream>
#include <new>

#include "support/mnist.h"
#include "support/options.h"
#include "support/run.h"
#include "weft/device.h"
#include "weft/error.h"
#include "weft/figures.h"

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

// What a run would use, and why. Nothing here fails: it is for finding out what does.
void print_doctor() {
  const auto fact = [](const char* name, const std::string& value) {
    std::cout << name << value << '\n';
  };
  fact("weft      ", WEFT_VERSION);
  fact("cpu       ", weft::describe(weft::Device::cpu));
  if (weft::gpu_available()) {
    const weft::DeviceProperties& gpu = weft::gpu_properties();
    fact("gpu       ", weft::describe(weft::Device::gpu) + ", compute capability " +
                           std::to_string(gpu.compute_capability / 10) + "." +
                           std::to_string(gpu.compute_capability % 10));
    fact("driver    ", gpu.driver);
    fact("default   ", gpu.is_executor ? "cpu: the executor is for looking at kernels" : "gpu");
  } else {
    fact("gpu       ", "none: " + weft::gpu_unavailable_reason());
    fact("default   ", "cpu");
  }
  fact("gnuplot   ", weft::gnuplot_version());
  try {
    fact("data      ", data_folder("mnist").parent_path().string());
  } catch (const weft::FileError& error) {
    fact("data      ", error.what());
  }
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
      print_doctor();
      return 0;
    case Options::Command::run:
      return teach(options);
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
