#include "src/cpu/dropout.h"

#include <algorithm>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kNumbers = 4;  // of a Philox block

}  // namespace

template <class T>
void dropout(const T* x, T* y, bool add, std::int64_t size, std::uint32_t dropped, T scale,
             RandomKey key) {
  const std::int64_t blocks = (size + kNumbers - 1) / kNumbers;
  parallel_for(blocks, size, [=](std::int64_t block) {
    const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
    const std::int64_t first = block * kNumbers, count = std::min(kNumbers, size - first);
    for (std::int64_t i = 0; i < count; ++i) {
      const T kept = (words.word[i] >> 8) >= dropped ? x[first + i] * scale : T(0);
      y[first + i] = add ? y[first + i] + kept : kept;
    }
  });
}

template void dropout(const float*, float*, bool, std::int64_t, std::uint32_t, float, RandomKey);
template void dropout(const double*, double*, bool, std::int64_t, std::uint32_t, double, RandomKey);

}  // namespace weft::cpu
