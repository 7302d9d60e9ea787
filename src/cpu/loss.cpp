#include "src/cpu/loss.h"

#include <cmath>
#include <limits>

#include "src/cpu/row_softmax.h"

namespace weft::cpu {
namespace {

template <class T>
void loss_of_row(const T* logits, std::int32_t label, T* loss, T* dlogits, T one_of_rows,
                 std::int64_t cols) {
  const MaxSum<T> row = exponentials(logits, dlogits, cols);
  const bool in_range = label >= 0 && label < cols;
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  *loss = std::log(row.sum) + (row.max - (in_range ? logits[label] : kNaN));
  if (dlogits == nullptr) return;
  const T gradient_scale = in_range ? one_of_rows : kNaN;
  const T scale = gradient_scale / row.sum;
  for_each_piece(cols, [=](std::int64_t first, std::int64_t count) {
    for (std::int64_t c = first; c < first + count; ++c) dlogits[c] *= scale;
  });
  if (in_range) dlogits[label] -= gradient_scale;
}

}  // namespace

template <class T>
void cross_entropy(const T* logits, const std::int32_t* labels, T* losses, T* mean_loss, T* dlogits,
                   std::int64_t rows, std::int64_t cols) {
  if (rows == 0) return;
  const T one_of_rows = 1 / static_cast<T>(rows);
  for_each_row(rows, cols, [=](std::int64_t r) {
    loss_of_row(logits + r * cols, labels[r], losses + r,
                dlogits == nullptr ? nullptr : dlogits + r * cols, one_of_rows, cols);
  });
  double sum = 0;
  for (std::int64_t r = 0; r < rows; ++r) sum += static_cast<double>(losses[r]);
  *mean_loss = static_cast<T>(sum / static_cast<double>(rows));
}

template void cross_entropy(const float*, const std::int32_t*, float*, float*, float*, std::int64_t,
                            std::int64_t);
template void cross_entropy(const double*, const std::int32_t*, double*, double*, double*,
                            std::int64_t, std::int64_t);

}  // namespace weft::cpu
