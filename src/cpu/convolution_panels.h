#pragma once

// The right side of the products that a convolution consists of, and memory for the left one.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/cpu/window_bands.h"
#include "src/cpu/window_product.h"

namespace weft::cpu {

/// A matrix [terms, columns] as panels of kLanes neighbouring columns, zeros behind the last.
template <class T>
struct Panels {
  std::int64_t columns, terms;
  std::vector<Line<T>> lines;

  Panels(std::int64_t columns_, std::int64_t terms_)
      : columns(columns_),
        terms(terms_),
        lines(static_cast<std::size_t>((columns_ + kLanes<T> - 1) / kLanes<T> * terms_)) {}

  T& at(std::int64_t column, std::int64_t term) {
    return lines[static_cast<std::size_t>(column / kLanes<T> * terms + term)]
        .of[column % kLanes<T>];
  }
};

/// map [places of the band, columns] += windows x panels.
template <class T>
void add_windows(const T* pixels, const WindowBands& bands, const Band& band,
                 const Panels<T>& panels, T* map) {
  const auto places =
      std::span(bands.places).first(static_cast<std::size_t>(band.rows * bands.g.q));
  for (std::int64_t first = 0; first < panels.columns; first += kLanes<T>)
    window_product<T>(pixels, places, bands.taps,
                      panels.lines.data() + first / kLanes<T> * panels.terms, map + first,
                      panels.columns, std::min(kLanes<T>, panels.columns - first));
}

/// Memory of a thread, kept from call to call, at the start of a cache line.
template <class T>
T* scratch(std::int64_t size) {
  thread_local std::vector<Line<T>> memory;
  const auto lines = static_cast<std::size_t>((size + kLanes<T> - 1) / kLanes<T>);
  if (memory.size() < lines) memory.resize(lines);
  return memory.data()->of;
}

}  // namespace weft::cpu
