#include "weft/ops/reduction.h"

#include <limits>
#include <string>

#include "kernels/reduction/reduction.h"
#include "src/cpu/reduction.h"
#include "src/ops/check.h"
#include "src/ops/column_sums.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

/// The argmax of a row has to exist, and to fit int32.
void require_columns(const char* op, const char* name, const Tensor& x) {
  ops::require_rank(op, name, x, 2);
  ops::require_floating(op, name, x);
  if (x.size(1) < 1 || x.size(1) > std::numeric_limits<std::int32_t>::max())
    ops::fail(op, "expected " + std::string(name) + " of 1 to 2147483647 columns, got " +
                      x.shape().to_string());
}

/// One function on both devices; sums and their gradients all have this form.
struct Twins {
  void (*gpu)(const float*, float*, bool, std::int64_t, std::int64_t, StreamView);
  void (*cpu_float)(const float*, float*, bool, std::int64_t, std::int64_t);
  void (*cpu_double)(const double*, double*, bool, std::int64_t, std::int64_t);

  void operator()(const Tensor& from, const Tensor& to, bool add, std::int64_t rows,
                  std::int64_t cols) const {
    if (from.device() == Device::gpu)
      gpu(from.data<float>(), to.data<float>(), add, rows, cols, current_stream());
    else if (from.dtype() == DType::float32)
      cpu_float(from.data<float>(), to.data<float>(), add, rows, cols);
    else
      cpu_double(from.data<double>(), to.data<double>(), add, rows, cols);
  }
};

constexpr Twins kRowSums{kernels::row_sums, cpu::row_sums, cpu::row_sums};
constexpr Twins kColumnSums{kernels::column_sums, cpu::column_sums, cpu::column_sums};
constexpr Twins kRowSumsBackward{kernels::row_sums_backward, cpu::row_sums_backward,
                                 cpu::row_sums_backward};
constexpr Twins kColumnSumsBackward{kernels::column_sums_backward, cpu::column_sums_backward,
                                    cpu::column_sums_backward};

/// A sum for each index of axis `kept`.
Tensor sums(const char* op, const Tensor& x, int kept, const Twins& forward,
            const Twins& backward) {
  const ops::ProfileScope scope(op, x.device());
  ops::require_rank(op, "x", x, 2);
  ops::require_floating(op, "x", x);
  const std::int64_t rows = x.size(0), cols = x.size(1);
  const Tensor y = empty({x.size(kept)}, x.dtype(), x.device());
  forward(x, y, false, rows, cols);
  return record(op, y, {x}, [&backward, rows, cols](const Tensor& dy, Gradients& gradients) {
    const Gradients::Target dx = gradients.target(0);
    backward(dy, dx.into, dx.add, rows, cols);
  });
}

}  // namespace

void ops::add_column_sums(const char* op, const Tensor& x, const Gradients::Target& target) {
  require_same_device(op, {&x, &target.into});
  const std::int64_t columns = x.size(x.rank() - 1);
  kColumnSums(x, target.into, target.add, columns == 0 ? 0 : x.size() / columns, columns);
}

Tensor row_sums(const Tensor& x) { return sums("row_sums", x, 0, kRowSums, kRowSumsBackward); }

Tensor column_sums(const Tensor& x) {
  return sums("column_sums", x, 1, kColumnSums, kColumnSumsBackward);
}

Tensor argmax(const Tensor& x) {
  const ops::ProfileScope scope("argmax", x.device());
  require_columns("argmax", "x", x);
  const std::int64_t rows = x.size(0), cols = x.size(1);
  const Tensor indices = empty({rows}, DType::int32, x.device());
  if (x.device() == Device::gpu)
    kernels::argmax(x.data<float>(), indices.data<std::int32_t>(), rows, cols, current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::argmax(x.data<T>(), indices.data<std::int32_t>(), rows, cols);
    });
  return indices;
}

void add_correct_(Tensor& count, const Tensor& scores, const Tensor& labels) {
  const ops::ProfileScope scope("add_correct_", scores.device());
  require_columns("add_correct_", "scores", scores);
  const std::int64_t rows = scores.size(0), cols = scores.size(1);
  ops::require_shape("add_correct_", "count", count, Shape{});
  ops::require_dtype("add_correct_", "count", count, DType::int32);
  ops::require_shape("add_correct_", "labels", labels, {rows});
  ops::require_dtype("add_correct_", "labels", labels, DType::int32);
  ops::require_same_device("add_correct_", {&scores, &labels, &count});
  const std::int32_t* const label = labels.data<std::int32_t>();
  std::int32_t* const correct = count.data<std::int32_t>();
  if (scores.device() == Device::gpu)
    kernels::add_correct(scores.data<float>(), label, correct, rows, cols, current_stream());
  else
    ops::with_floating_type(scores.dtype(), [&]<class T>() {
      cpu::add_correct(scores.data<T>(), label, correct, rows, cols);
    });
}

void add_correct_(Tensor& count, const Tensor& scores, const Tensor& targets, double threshold) {
  const ops::ProfileScope scope("add_correct_", scores.device());
  ops::require_dtype("add_correct_", "scores", scores, DType::float32);
  ops::require_dtype("add_correct_", "targets", targets, DType::float32);
  ops::require_shape("add_correct_", "targets", targets, scores.shape());
  ops::require_shape("add_correct_", "count", count, Shape{});
  ops::require_dtype("add_correct_", "count", count, DType::int32);
  ops::require_same_device("add_correct_", {&scores, &targets, &count});
  const auto run = [&](auto op, auto... stream) {
    op(scores.data<float>(), targets.data<float>(), static_cast<float>(threshold),
       count.data<std::int32_t>(), scores.size(), stream...);
  };
  if (scores.device() == Device::gpu)
    run(kernels::add_correct_by_threshold, current_stream());
  else
    run(cpu::add_correct_by_threshold);
}

}  // namespace weft
