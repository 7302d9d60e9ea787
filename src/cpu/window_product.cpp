// The sums of a few rows stay in 12 vector registers over all terms. With AVX2 these are 6 rows of two vectors,
// and a term costs 12 multiply-adds and 9 loads.

#include "src/cpu/window_product.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace weft::cpu {
namespace {

constexpr std::size_t kTerms = 256;  // their part of the panel, 16 KiB, stays in the first cache
constexpr std::size_t kSums = 12;    // of the 16 vector registers

template <class T>
struct Product {
  const T* x;
  std::span<const std::int64_t> rows, terms;
  const Line<T>* panel;
  T* out;
  std::int64_t stride, lanes;
};

/// Rows row .. row + kRows - 1 and the terms first .. end - 1; rows past the last are it again, and not stored.
template <std::size_t kBytes, class T>
[[gnu::always_inline]] inline void add_tile(const Product<T>& p, std::size_t row, std::size_t first,
                                            std::size_t end) {
  using Vector = typename VectorOf<T, kBytes>::Type;
  constexpr std::size_t kVectors = sizeof(Line<T>) / kBytes;
  constexpr std::size_t kRows = kSums / kVectors;
  const T* from[kRows];
  for (std::size_t i = 0; i < kRows; ++i)
    from[i] = p.x + p.rows[std::min(row + i, p.rows.size() - 1)];
  Vector sums[kRows][kVectors] = {};
  for (std::size_t term = first; term < end; ++term) {
    const std::int64_t offset = p.terms[term];
    Vector of_panel[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
      std::memcpy(&of_panel[v], p.panel[term].of + v * kBytes / sizeof(T), kBytes);
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kRows; ++i)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] += from[i][offset] * of_panel[v];
  }
  for (std::size_t i = 0; i < std::min(kRows, p.rows.size() - row); ++i) {
    Line<T> row_sums;
    std::memcpy(row_sums.of, sums[i], sizeof row_sums.of);
    T* const to = p.out + static_cast<std::int64_t>(row + i) * p.stride;
    if (p.lanes == kLineLength<T>)  // a loop of vectors
      for (std::int64_t lane = 0; lane < kLineLength<T>; ++lane) to[lane] += row_sums.of[lane];
    else
      for (std::int64_t lane = 0; lane < p.lanes; ++lane) to[lane] += row_sums.of[lane];
  }
}

template <std::size_t kBytes, class T>
[[gnu::always_inline]] inline void add_product(const Product<T>& p) {
  constexpr std::size_t kRows = kSums / (sizeof(Line<T>) / kBytes);
  for (std::size_t first = 0; first < p.terms.size(); first += kTerms)
    for (std::size_t row = 0; row < p.rows.size(); row += kRows)
      add_tile<kBytes>(p, row, first, std::min(first + kTerms, p.terms.size()));
}

template <class T>
WEFT_AVX2 void add_product_avx2(const Product<T>& p) {
  add_product<kWideVector>(p);
}

}  // namespace

template <class T>
void window_product(const T* x, std::span<const std::int64_t> rows,
                    std::span<const std::int64_t> terms, const Line<T>* panel, T* out,
                    std::int64_t stride, std::int64_t lanes) {
  const Product<T> product{x, rows, terms, panel, out, stride, lanes};
  has_avx2() ? add_product_avx2(product) : add_product<kNarrowVector>(product);
}

template void window_product(const float*, std::span<const std::int64_t>,
                             std::span<const std::int64_t>, const Line<float>*, float*,
                             std::int64_t, std::int64_t);
template void window_product(const double*, std::span<const std::int64_t>,
                             std::span<const std::int64_t>, const Line<double>*, double*,
                             std::int64_t, std::int64_t);

}  // namespace weft::cpu
