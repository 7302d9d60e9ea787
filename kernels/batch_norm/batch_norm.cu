// Chooses between the two schemes of batch normalisation: where all rows of eight channels fit into shared
// memory, one kernel reads x once (slice.cu); elsewhere the statistics, by 16-byte loads of the whole array
// (moments.cu, sums.cu), and the result (apply.cu) are kernels of their own. A slice has no workspace.

#include "kernels/batch_norm/batch_norm.h"

#include "kernels/batch_norm/slice.h"
#include "kernels/batch_norm/strips.h"

namespace weft::kernels {

std::int64_t batch_norm_workspace(std::int64_t rows, std::int64_t c, std::size_t shared_bytes) {
  if (batch_norm_slice_fits(rows, 1, shared_bytes)) return 0;
  return batch_norm_moments_workspace(rows, c);
}

std::int64_t batch_norm_backward_workspace(std::int64_t rows, std::int64_t c,
                                           std::size_t shared_bytes) {
  if (batch_norm_slice_fits(rows, 2, shared_bytes)) return 0;  // x and g
  return batch_norm_sums_workspace(rows, c);
}

void batch_norm(const BatchNormForward& p, float* workspace, StreamView stream) {
  if (p.c == 0) return;
  if (workspace == nullptr) return batch_norm_slice(p, stream);
  batch_norm_moments(p, workspace, stream);
  batch_norm_apply(p, false, stream);
}

void batch_norm_evaluate(const BatchNormForward& p, StreamView stream) {
  if (p.c > 0 && p.rows > 0) batch_norm_apply(p, true, stream);
}

void batch_norm_backward(const BatchNormBackward& p, float* workspace, StreamView stream) {
  if (p.c == 0) return;
  if (workspace == nullptr) return batch_norm_backward_slice(p, stream);
  const bool dx_needs_sums = p.training && p.dx != nullptr;
  const float* coefficients = nullptr;
  if (dx_needs_sums || p.dweight != nullptr || p.dbias != nullptr)
    coefficients = batch_norm_sums(p, workspace, stream);
  if (p.dx != nullptr && p.rows > 0)
    batch_norm_apply_backward(p, dx_needs_sums ? coefficients : nullptr, stream);
}

}  // namespace weft::kernels
