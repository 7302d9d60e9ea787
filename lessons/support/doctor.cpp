#include "support/doctor.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>

#include "support/mnist.h"
#include "support/text.h"
#include "weft/build_info.h"
#include "weft/device.h"
#include "weft/error.h"
#include "weft/figures.h"
#include "weft/io.h"

namespace lessons {
namespace {

namespace fs = std::filesystem;

void print(const std::string& name, const std::string& value) {
  std::cout << name << std::string(12 - name.size(), ' ') << value << '\n';
}

/// The nvcc that a build would find: of PATH, or of the toolkit's usual folder.
std::string nvcc() {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/local/cuda/bin");
  std::error_code ignored;
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && fs::exists(fs::path(folder) / "nvcc", ignored))
      return (fs::path(folder) / "nvcc").string();
  return "none: kernels cannot be compiled for a GPU here";
}

void print_device() {
  if (!weft::gpu_available()) {
    print("gpu", "none: " + weft::gpu_unavailable_reason());
    print("default", "--device cpu, since there is no GPU that this build can use");
    return;
  }
  const bool several = weft::gpu_count() > 1;
  for (int i = 0; i < weft::gpu_count(); ++i) {
    const weft::DeviceProperties gpu = weft::gpu_properties(i);
    print(several ? "gpu:" + std::to_string(i) : "gpu",
          gpu.name + ", compute capability " + std::to_string(gpu.compute_capability / 10) + "." +
              std::to_string(gpu.compute_capability % 10) + (gpu.is_executor ? ", modelled" : ""));
  }
  const weft::DeviceProperties& gpu = weft::gpu_properties();
  print("driver", gpu.driver);
  print("default", gpu.is_executor
                       ? "--device cpu: the executor runs the kernels, but slowly, to look at them"
                       : "--device gpu" + std::string(several ? ", which is gpu:0" : ""));
}

bool print_data() {
  try {
    const fs::path folder = data_folder("mnist");
    const weft::LabelledImages train = weft::read_labelled_images(folder, "train"),
                               test = weft::read_labelled_images(folder, "t10k");
    print("mnist", folder.string() + ": " + grouped(train.images.size(0)) + " pictures to train, " +
                       grouped(test.images.size(0)) + " to test");
    return true;
  } catch (const weft::Error& error) {
    print("mnist", error.what());
    return false;
  }
}

}  // namespace

int doctor() {
  const weft::BuildInfo build = weft::build_info();
  print("weft", WEFT_VERSION);
  print("build", build.device + ", " + build.compiler + ", checks: " + build.checks);
  print("toolkit", build.toolkit == "none" ? "none: this build has no kernels for a GPU"
                                           : "built with " + build.toolkit);
  print("nvcc", nvcc());
  print("cpu", weft::describe(weft::Device::cpu));
  print("blas", build.blas);
  print_device();
  print("gnuplot", weft::gnuplot_version());
  if (print_data()) return 0;
  std::cout << "The lessons on MNIST need the data set: run from a checkout, or name a folder with "
               "--data.\n";
  return 1;
}

}  // namespace lessons
