#include "src/cpu/resize.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

/// Which input pixels each output pixel of an axis overlaps, and by how many units, where an output pixel has
/// in / gcd(in, out) of them and an input pixel out / gcd(in, out).
template <class T>
struct Overlaps {
  std::vector<std::int64_t> first;  // the first pixel of each output
  std::vector<std::size_t> begin;   // where its weights begin; one more at the end
  std::vector<T> weights;
  T units;  // of an output pixel

  Overlaps(std::int64_t in, std::int64_t out) {
    const std::int64_t divisor = std::gcd(in, out);
    const std::int64_t pixel = out / divisor, covered = in / divisor;
    units = static_cast<T>(covered);
    for (std::int64_t o = 0; o < out; ++o) {
      const std::int64_t low = o * covered, high = low + covered;
      first.push_back(low / pixel);
      begin.push_back(weights.size());
      for (std::int64_t i = first.back(); i * pixel < high; ++i)
        weights.push_back(
            static_cast<T>(std::min((i + 1) * pixel, high) - std::max(i * pixel, low)));
    }
    begin.push_back(weights.size());
  }
};

}  // namespace

template <class Source, class T>
void resize_area(const Source* images, T* out, std::int64_t n, std::int64_t h, std::int64_t w,
                 std::int64_t c, std::int64_t p, std::int64_t q) {
  const Overlaps<T> down(h, p), across(w, q);
  const T area = down.units * across.units;
  parallel_for(n * p, n * h * w * c, [&, images, out](std::int64_t row) {
    const auto y = static_cast<std::size_t>(row % p);
    const Source* const from = images + (row / p * h + down.first[y]) * w * c;
    for (std::size_t x = 0; x < static_cast<std::size_t>(q); ++x)
      for (std::int64_t channel = 0; channel < c; ++channel) {
        const Source* const pixels = from + across.first[x] * c + channel;
        const T base = static_cast<T>(*pixels);  // differences from it keep a constant what it is
        T sum = 0;
        for (std::size_t i = down.begin[y]; i < down.begin[y + 1]; ++i) {
          const Source* pixel = pixels + static_cast<std::int64_t>(i - down.begin[y]) * w * c;
          T sum_of_row = 0;
          for (std::size_t j = across.begin[x]; j < across.begin[x + 1]; ++j, pixel += c)
            sum_of_row += across.weights[j] * (static_cast<T>(*pixel) - base);
          sum += down.weights[i] * sum_of_row;
        }
        out[(row * q + static_cast<std::int64_t>(x)) * c + channel] = base + sum / area;
      }
  });
}

template void resize_area(const std::uint8_t*, float*, std::int64_t, std::int64_t, std::int64_t,
                          std::int64_t, std::int64_t, std::int64_t);
template void resize_area(const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                          std::int64_t, std::int64_t, std::int64_t);
template void resize_area(const double*, double*, std::int64_t, std::int64_t, std::int64_t,
                          std::int64_t, std::int64_t, std::int64_t);

}  // namespace weft::cpu
