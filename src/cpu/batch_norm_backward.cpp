#include <algorithm>
#include <vector>

#include "src/cpu/batch_norm.h"
#include "src/cpu/channel_lanes.h"

namespace weft::cpu {
namespace {

/// g of the rows begin .. end - 1: dy, or in `buffer` dy where ReLU let y pass. One flat loop, since the
/// compiler makes vectors of a comparison there, and not in the loops over channels.
template <class T>
const T* passed(const BatchNormBackward<T>& p, std::int64_t begin, std::int64_t end,
                std::vector<T>& buffer) {
  const T* const dy = p.dy + begin * p.c;
  if (p.y == nullptr) return dy;
  const T* const y = p.y + begin * p.c;
  const std::int64_t size = (end - begin) * p.c;
  buffer.resize(static_cast<std::size_t>(size));
  T* const g = buffer.data();
  for (std::int64_t i = 0; i < size; ++i) {
    const T passing = dy[i];  // loaded in any case: the loop has no branch then
    g[i] = y[i] <= 0 ? T(0) : passing;
  }
  return g;
}

/// The sums of g, and of g (x - mean), over the rows: [2, c].
template <class T>
std::vector<T> gradient_sums(const BatchNormBackward<T>& p) {
  const Chunks chunks(p.rows, p.c);
  std::vector<T> partials(static_cast<std::size_t>(2 * chunks.count * p.c));
  T* const to = partials.data();
  chunks.for_each([=](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
    std::vector<T> buffer;
    const T* const g = passed(p, begin, end, buffer);
    const T* const x = p.x + begin * p.c;
    for_lanes(p.c, [=]<int kLanes>(std::int64_t first) {
      const Lanes<kLanes, T> mean(p.mean + first, 0);
      Lanes<kLanes, T> g_sum(nullptr, 0), gx_sum(nullptr, 0);
      for (std::int64_t i = first; i < (end - begin) * p.c; i += p.c)
        for (int k = 0; k < kLanes; ++k) {
          g_sum.of[k] += g[i + k];
          gx_sum.of[k] += g[i + k] * (x[i + k] - mean.of[k]);
        }
      g_sum.store(to + 2 * chunk * p.c + first);
      gx_sum.store(to + (2 * chunk + 1) * p.c + first);
    });
  });
  std::vector<T> sums(static_cast<std::size_t>(2 * p.c));
  for (std::size_t i = 0; i < partials.size(); ++i) sums[i % sums.size()] += partials[i];
  return sums;
}

/// dx = scale (g - mean_g - (x - mean) slope) for coefficients [2, c]: mean_g and slope.
template <class T>
void apply_backward(const BatchNormBackward<T>& p, const T* coefficients) {
  Chunks(p.rows, p.c).for_each([=](std::int64_t, std::int64_t begin, std::int64_t end) {
    std::vector<T> buffer;
    const T* const g = passed(p, begin, end, buffer);
    const T* const x = p.x + begin * p.c;
    T* const dx = p.dx + begin * p.c;
    for_lanes(p.c, [=, add = p.add_dx]<int kLanes>(std::int64_t first) {
      const Lanes<kLanes, T> mean(p.mean + first, 0), mean_g(coefficients + first, 0),
          slope(coefficients + p.c + first, 0);
      Lanes<kLanes, T> scale(at(p.weight, first), 1);
      for (int k = 0; k < kLanes; ++k) scale.of[k] = p.rstd[first + k] * scale.of[k];
      for (std::int64_t i = first; i < (end - begin) * p.c; i += p.c) {
        T of_x[kLanes];
        for (int k = 0; k < kLanes; ++k)
          of_x[k] = scale.of[k] * (g[i + k] - mean_g.of[k] - (x[i + k] - mean.of[k]) * slope.of[k]);
        if (add)
          for (int k = 0; k < kLanes; ++k) of_x[k] = dx[i + k] + of_x[k];
        std::copy(of_x, of_x + kLanes, dx + i);
      }
    });
  });
}

}  // namespace

template <class T>
void batch_norm_backward(const BatchNormBackward<T>& p) {
  std::vector<T> coefficients(static_cast<std::size_t>(2 * p.c));
  if ((p.training && p.dx != nullptr) || p.dweight != nullptr || p.dbias != nullptr) {
    const std::vector<T> sums = gradient_sums(p);
    for (std::int64_t k = 0; k < p.c; ++k) {
      const T g = sums[static_cast<std::size_t>(k)];
      const T g_xhat =  // without rows there may be no rstd
          p.rows > 0 ? p.rstd[k] * sums[static_cast<std::size_t>(p.c + k)] : T(0);
      if (p.dbias != nullptr) p.dbias[k] = p.add_dbias ? p.dbias[k] + g : g;
      if (p.dweight != nullptr) p.dweight[k] = p.add_dweight ? p.dweight[k] + g_xhat : g_xhat;
      if (!p.training || p.rows == 0) continue;
      coefficients[static_cast<std::size_t>(k)] = g / static_cast<T>(p.rows);
      coefficients[static_cast<std::size_t>(p.c + k)] = p.rstd[k] * g_xhat / static_cast<T>(p.rows);
    }
  }
  if (p.dx != nullptr) apply_backward(p, coefficients.data());
}

template void batch_norm_backward(const BatchNormBackward<float>&);
template void batch_norm_backward(const BatchNormBackward<double>&);

}  // namespace weft::cpu
