#pragma once

// A kernel with one known bug, and what each build of the executor must make of it.

#include <ostream>
#include <string>
#include <vector>

#include "weft/stream.h"
#include "weft/tensor.h"

namespace weft::test {

/// What a build says. `report`: the launch fails, or a sanitizer stops the program, and the report has
/// these words; `wrong`: the result is not what it should be in some order; `silent`: nothing shows.
struct Verdict {
  enum class Kind { report, wrong, silent } kind;
  const char* words = "";
};
inline constexpr Verdict kWrong{Verdict::Kind::wrong};
inline constexpr Verdict kSilent{Verdict::Kind::silent};
constexpr Verdict reports(const char* words) { return {Verdict::Kind::report, words}; }

/// `race` is of the build that looks for races, where a read too early may find memory nobody has written.
/// The line of the bug is the one of this file that ends with "// BUG: <name>".
struct PlantedBug {
  const char* name;
  const char* file;  // of tests/planted_bugs
  Verdict plain, sanitizers, race;
  bool (*run)(
      bool planted);  // launches the kernel, with its bug or without; whether the result is right
};

inline void PrintTo(const PlantedBug& bug, std::ostream* out) { *out << bug.name; }

std::vector<PlantedBug> memory_bugs();
std::vector<PlantedBug> order_bugs();
std::vector<PlantedBug> warp_and_copy_bugs();
std::vector<PlantedBug> between_blocks_bugs();
std::vector<PlantedBug> mbarrier_bugs();

// For the bugs' own run functions: small tensors on the device and what came of them.
using Floats = std::vector<float>;
inline Tensor on_device(const Floats& values) {
  return from_values(values, {static_cast<std::int64_t>(values.size())}).to(Device::gpu);
}
inline Tensor blank(std::int64_t size) { return full({size}, -1, DType::float32, Device::gpu); }
inline bool holds(const Tensor& x, const Floats& expected) {
  return x.to_vector<float>() == expected;
}
inline Floats counting(int size) {
  Floats values;
  for (int i = 0; i < size; ++i) values.push_back(static_cast<float>(i));
  return values;
}
inline constexpr StreamView kNoStream;

}  // namespace weft::test
