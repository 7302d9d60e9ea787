#include "weft/ops/confusion.h"

#include "kernels/reduction/confusion.h"
#include "src/cpu/confusion.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/stream.h"

namespace weft {

void add_confusion_(Tensor& counts, const Tensor& scores, const Tensor& labels) {
  constexpr const char* kOp = "add_confusion_";
  const ops::ProfileScope scope(kOp, scores.device());
  ops::require_rank(kOp, "scores", scores, 2);
  ops::require_floating(kOp, "scores", scores);
  const std::int64_t rows = scores.size(0), classes = scores.size(1);
  if (classes < 1)
    ops::fail(kOp, "expected scores of one class or more, got " + scores.shape().to_string());
  ops::require_shape(kOp, "counts", counts, {classes, classes});
  ops::require_dtype(kOp, "counts", counts, DType::int32);
  ops::require_shape(kOp, "labels", labels, {rows});
  ops::require_dtype(kOp, "labels", labels, DType::int32);
  ops::require_same_device(kOp, {&scores, &labels, &counts});
  if (overlap(counts, labels) || overlap(counts, scores))
    ops::fail(kOp, "expected counts in memory of their own, got memory of the scores or labels");
  const std::int32_t* const label = labels.data<std::int32_t>();
  std::int32_t* const to = counts.data<std::int32_t>();
  if (scores.device() == Device::gpu)
    kernels::add_confusion(scores.data<float>(), label, to, rows, classes, current_stream());
  else
    ops::with_floating_type(scores.dtype(), [&]<class T>() {
      cpu::add_confusion(scores.data<T>(), label, to, rows, classes);
    });
}

}  // namespace weft
