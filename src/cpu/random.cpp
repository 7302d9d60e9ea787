#include "src/cpu/random.h"

#include <algorithm>
#include <cmath>

namespace weft::cpu {
namespace {

constexpr std::int64_t kNumbers = 4;          // of a Philox block
constexpr std::int64_t kParallelFrom = 4096;  // numbers: about 40 us of one core, a fork costs 2

}  // namespace

template <class T>
void uniform(T low, T high, RandomKey key, T* x, std::int64_t size) {
  const T span = high - low, largest = std::nextafter(high, low);  // rounding could reach high
  const std::int64_t blocks = (size + kNumbers - 1) / kNumbers;
#pragma omp parallel for if (size >= kParallelFrom)
  for (std::int64_t block = 0; block < blocks; ++block) {
    const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
    const std::int64_t first = block * kNumbers, count = std::min(kNumbers, size - first);
    for (std::int64_t i = 0; i < count; ++i)
      x[first + i] = std::min(std::fma(unit_interval<T>(words.word[i]), span, low), largest);
  }
}

template void uniform<float>(float, float, RandomKey, float*, std::int64_t);
template void uniform<double>(double, double, RandomKey, double*, std::int64_t);

}  // namespace weft::cpu
