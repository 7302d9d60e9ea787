#pragma once

// The right side of the products that a convolution consists of, and memory for the left one.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/cpu/window_bands.h"
#include "src/cpu/window_product.h"

namespace weft::cpu {

/// A matrix [terms, columns] as panels of kLineLength neighbouring columns, zeros behind the last.
template <class T>
struct Panels {
  std::int64_t columns, terms;
  std::vector<Line<T>> lines;

  Panels(std::int64_t columns_, std::int64_t terms_)
      : columns(columns_),
        terms(terms_),
        lines(static_cast<std::size_t>((columns_ + kLineLength<T> - 1) / kLineLength<T> * terms_)) {
  }

  T& at(std::int64_t column, std::int64_t term) {
    return lines[static_cast<std::size_t>(column / kLineLength<T> * terms + term)]
        .of[column % kLineLength<T>];
  }
};

/// map [places of the band, columns] += windows x panels.
template <class T>
void add_windows(const T* pixels, const WindowBands& bands, const Band& band,
                 const Panels<T>& panels, T* map) {
  const auto places =
      std::span(bands.places).first(static_cast<std::size_t>(band.rows * bands.g.q));
  for (std::int64_t first = 0; first < panels.columns; first += kLineLength<T>)
    window_product<T>(pixels, places, bands.taps,
                      panels.lines.data() + first / kLineLength<T> * panels.terms, map + first,
                      panels.columns, std::min(kLineLength<T>, panels.columns - first));
}

/// Sums [size] over all bands: each part of the bands has its own, which are added in their order. add(band, sums) adds one
/// band's; how many parts there are depends on `work` alone, and so the bits do not on the number of threads.
template <class T, class Add>
std::vector<Line<T>> sum_over_bands(const WindowBands& bands, std::int64_t work, std::size_t lines,
                                    Add add) {
  constexpr std::int64_t kPartWork = 1 << 20, kMostParts = 8;
  const std::int64_t most = std::clamp<std::int64_t>(bands.count, 1, kMostParts);
  const std::int64_t parts = std::clamp<std::int64_t>(work / kPartWork, 1, most);
  std::vector<std::vector<Line<T>>> sums(static_cast<std::size_t>(parts));
  parallel_for(parts, work, [&](std::int64_t part) {
    auto& of_part = sums[static_cast<std::size_t>(part)];
    of_part.resize(lines);
    for (std::int64_t i = bands.count * part / parts; i < bands.count * (part + 1) / parts; ++i)
      add(bands.band(i), of_part.data());
  });
  for (std::size_t part = 1; part < sums.size(); ++part)
    for (std::size_t line = 0; line < lines; ++line)
      for (std::int64_t lane = 0; lane < kLineLength<T>; ++lane)
        sums[0][line].of[lane] += sums[part][line].of[lane];
  return std::move(sums[0]);
}

/// Memory of a thread, kept from call to call, at the start of a cache line.
template <class T>
T* scratch(std::int64_t size) {
  thread_local std::vector<Line<T>> memory;
  const auto lines = static_cast<std::size_t>((size + kLineLength<T> - 1) / kLineLength<T>);
  if (memory.size() < lines) memory.resize(lines);
  return numbers_of(memory.data());
}

}  // namespace weft::cpu
