#include "src/cpu/random.h"

#include <algorithm>
#include <cmath>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kNumbers = 4;  // of a Philox block

}  // namespace

template <class T>
void uniform(T low, T high, RandomKey key, T* x, std::int64_t size) {
  const T span = high - low, largest = std::nextafter(high, low);  // rounding could reach high
  const std::int64_t blocks = (size + kNumbers - 1) / kNumbers;
  parallel_for(blocks, size, [=](std::int64_t block) {
    const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
    const std::int64_t first = block * kNumbers, count = std::min(kNumbers, size - first);
    for (std::int64_t i = 0; i < count; ++i)
      x[first + i] = std::min(std::fma(unit_interval<T>(words.word[i]), span, low), largest);
  });
}

template <class T>
void normal(T mean, T deviation, RandomKey key, T* x, std::int64_t size) {
  constexpr T kTurn = static_cast<T>(2 * 3.14159265358979323846);
  const std::int64_t blocks = (size + kNumbers - 1) / kNumbers;
  parallel_for(blocks, size, [=](std::int64_t block) {
    const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
    const std::int64_t first = block * kNumbers, count = std::min(kNumbers, size - first);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t pair = i / 2 * 2;
      const T radius = std::sqrt(T(-2) * std::log(T(1) - unit_interval<T>(words.word[pair])));
      const T angle = kTurn * unit_interval<T>(words.word[pair + 1]);
      x[first + i] = mean + deviation * radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    }
  });
}

template void normal<float>(float, float, RandomKey, float*, std::int64_t);
template void normal<double>(double, double, RandomKey, double*, std::int64_t);
template void uniform<float>(float, float, RandomKey, float*, std::int64_t);
template void uniform<double>(double, double, RandomKey, double*, std::int64_t);

}  // namespace weft::cpu
