#pragma once

#include <cstdint>
#include <span>

#include "src/cpu/vectors.h"

namespace weft::cpu {

/// One output's places of a map that have a gradient: where the window of each starts, and its gradient.
template <class T>
struct Chosen {
  std::span<const std::int64_t> starts;
  const T* gradients;
};

/// sums[i].of[lane] += sum over t of gradients[t] pixels[starts[t] + lines[i] + lane]: what the lines of a window see, summed
/// over the places; a line is kLineLength neighbouring channels.
template <class T>
void gather_lines(const T* pixels, std::span<const std::int64_t> lines, Chosen<T> chosen,
                  Line<T>* sums);

/// pixels[starts[t] + lines[i] + lane] += gradients[t] weight[i].of[lane], for one t after the other: the way back.
template <class T>
void scatter_lines(const Line<T>* weight, std::span<const std::int64_t> lines, Chosen<T> chosen,
                   T* pixels);

}  // namespace weft::cpu
