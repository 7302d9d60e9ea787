// kLines lines stay in 12 vector registers over all places: the sums of gather_lines, the weights of scatter_lines.

#include "src/cpu/line_product.h"

#include <algorithm>
#include <cstring>

namespace weft::cpu {
namespace {

constexpr std::size_t kHeld = 12;  // of the 16 vector registers

template <class T>
struct Product {
  T* pixels;
  std::span<const std::int64_t> lines;
  Chosen<T> chosen;
  Line<T>* held;
};

/// The lines first .. first + kLines - 1.
template <bool kScatter, std::size_t kBytes, std::size_t kLines, class T>
[[gnu::always_inline]] inline void run_tile(const Product<T>& p, std::size_t first) {
  using Vector = typename VectorOf<T, kBytes>::Type;
  constexpr std::size_t kVectors = sizeof(Line<T>) / kBytes, kLength = kBytes / sizeof(T);
  Line<T>* const lines = p.held + first;
  T* at[kLines];
  Vector held[kLines][kVectors];
#pragma GCC unroll 6
  for (std::size_t i = 0; i < kLines; ++i) {
    at[i] = p.pixels + p.lines[first + i];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
      std::memcpy(&held[i][v], lines[i].of + v * kLength, kBytes);
  }
  const std::int64_t* const starts = p.chosen.starts.data();
  for (std::size_t t = 0; t < p.chosen.starts.size(); ++t) {
    const T gradient = p.chosen.gradients[t];
    const std::int64_t start = starts[t];
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kLines; ++i)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        T* const to = at[i] + start + v * kLength;
        Vector pixel;
        std::memcpy(&pixel, to, kBytes);
        if constexpr (kScatter) {
          pixel += gradient * held[i][v];
          std::memcpy(to, &pixel, kBytes);
        } else {
          held[i][v] += gradient * pixel;
        }
      }
  }
  if constexpr (!kScatter)
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kLines; ++i)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v)
        std::memcpy(lines[i].of + v * kLength, &held[i][v], kBytes);
}

/// Tiles of kLines, and then of as many lines as are left.
template <bool kScatter, std::size_t kBytes, std::size_t kLines, class T>
[[gnu::always_inline]] inline void run_tiles(const Product<T>& p, std::size_t first = 0) {
  for (; first + kLines <= p.lines.size(); first += kLines)
    run_tile<kScatter, kBytes, kLines>(p, first);
  if constexpr (kLines > 1) run_tiles<kScatter, kBytes, kLines - 1>(p, first);
}

template <std::size_t kBytes, class T>
inline constexpr std::size_t kMostLines = kHeld / (sizeof(Line<T>) / kBytes);

template <bool kScatter, class T>
WEFT_AVX2 void run_avx2(const Product<T>& p) {
  run_tiles<kScatter, kWideVector, kMostLines<kWideVector, T>>(p);
}

template <bool kScatter, class T>
void run(const Product<T>& p) {
  has_avx2() ? run_avx2<kScatter>(p)
             : run_tiles<kScatter, kNarrowVector, kMostLines<kNarrowVector, T>>(p);
}

}  // namespace

template <class T>
void gather_lines(const T* pixels, std::span<const std::int64_t> lines, Chosen<T> chosen,
                  Line<T>* sums) {
  run<false, T>({const_cast<T*>(pixels), lines, chosen, sums});  // which this one only reads
}

template <class T>
void scatter_lines(const Line<T>* weight, std::span<const std::int64_t> lines, Chosen<T> chosen,
                   T* pixels) {
  run<true, T>({pixels, lines, chosen, const_cast<Line<T>*>(weight)});
}

template void gather_lines(const float*, std::span<const std::int64_t>, Chosen<float>,
                           Line<float>*);
template void gather_lines(const double*, std::span<const std::int64_t>, Chosen<double>,
                           Line<double>*);
template void scatter_lines(const Line<float>*, std::span<const std::int64_t>, Chosen<float>,
                            float*);
template void scatter_lines(const Line<double>*, std::span<const std::int64_t>, Chosen<double>,
                            double*);

}  // namespace weft::cpu
