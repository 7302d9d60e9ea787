#pragma once

#include <string>

namespace weft {
/// @addtogroup devices
/// @{

/// How this library was built and which BLAS it found at run time: lines for people, in reports.
struct BuildInfo {
  std::string device;    ///< "executor" or "cuda": what Device::gpu is
  std::string compiler;  ///< "GNU 12.2.0, Release"
  std::string checks;    ///< "address,undefined", "data races", "coverage", or "none"
  std::string toolkit;   ///< "CUDA 13.0.48 for 90a-real", "none"
  std::string blas;      ///< the file it comes from, and what it says of itself and its threads
};

/// Does not touch the GPU. What cannot be found out is said to be unknown.
BuildInfo build_info();

/// @}
}  // namespace weft
