// add, subtract, multiply and divide. Their backwards are made of the same ops: what flows to b is summed
// over the elements that shared one of its own.

#include <string>

#include "kernels/elementwise/pairwise.h"
#include "src/cpu/pairwise.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"
#include "weft/stream.h"

namespace weft {
namespace {

enum class Reach { matrix, row, column, number };  // what b is to the rows and columns of a

std::int64_t columns_of(const Tensor& a) { return a.rank() == 0 ? 1 : a.size(a.rank() - 1); }
std::int64_t rows_of(const Tensor& a) { return columns_of(a) == 0 ? 0 : a.size() / columns_of(a); }

bool is_column(const Tensor& a, const Tensor& b) {
  const int last = a.rank() - 1;
  if (b.rank() != a.rank() || last < 0 || b.size(last) != 1) return false;
  for (int axis = 0; axis < last; ++axis)
    if (a.size(axis) != b.size(axis)) return false;
  return true;
}

Reach reach_of(const char* op, const Tensor& a, const Tensor& b) {
  if (b.shape() == a.shape()) return Reach::matrix;
  if (b.size() == 1) return Reach::number;
  if (a.rank() > 0 && b.rank() == 1 && b.size(0) == columns_of(a)) return Reach::row;
  if (is_column(a, b)) return Reach::column;
  ops::fail(op, "expected b like a " + a.shape().to_string() +
                    ", one row of it, one column of it, or one element, got " +
                    b.shape().to_string());
}

/// Between the elements of b that meet a's next row and next column.
struct Strides {
  std::int64_t row, column;
};
Strides strides_of(Reach reach, std::int64_t cols) {
  switch (reach) {
    case Reach::matrix:
      return {cols, 1};
    case Reach::row:
      return {0, 1};
    case Reach::column:
      return {1, 0};
    case Reach::number:
      break;
  }
  return {0, 0};
}

template <class T, class... Stream>
using Twin = void (*)(const T*, const T*, T*, std::int64_t, std::int64_t, std::int64_t,
                      std::int64_t, Stream...);
struct Twins {
  Twin<float, StreamView> gpu;
  Twin<float> cpu_float;
  Twin<double> cpu_double;
};

Tensor pairwise(const char* op, const Tensor& a, const Tensor& b, const Twins& twins) {
  ops::require_floating(op, "a", a);
  ops::require_same_dtype(op, a, b);
  ops::require_same_device(op, {&a, &b});
  const std::int64_t rows = rows_of(a), cols = columns_of(a);
  const Strides b_strides = strides_of(reach_of(op, a, b), cols);
  const Tensor y = empty_like(a);
  const auto run = [&]<class T>(auto twin, T, auto... stream) {
    twin(a.data<T>(), b.data<T>(), y.data<T>(), rows, cols, b_strides.row, b_strides.column,
         stream...);
  };
  if (a.device() == Device::gpu)
    run(twins.gpu, float{}, current_stream());
  else if (a.dtype() == DType::float32)
    run(twins.cpu_float, float{});
  else
    run(twins.cpu_double, double{});
  return y;
}

/// What flows to each element of b, given what flows to each place where it was used.
Tensor gathered(const Tensor& gradient, const Tensor& b) {
  const std::int64_t rows = rows_of(gradient), cols = columns_of(gradient);
  switch (reach_of("gradient", gradient, b)) {
    case Reach::matrix:
      return gradient;
    case Reach::row:
      return column_sums(gradient.reshape({rows, cols}));
    case Reach::column:  // b.size() rows, also where they have no columns
      return row_sums(gradient.reshape({b.size(), cols})).reshape(b.shape());
    case Reach::number:
      break;
  }
  return sum(gradient).reshape(b.shape());
}

/// Records y = a op b. `to_a` and `to_b` compute from dy what flows to a, and to each place of b.
template <class ToA, class ToB>
Tensor record_pair(const char* op, const Tensor& y, const Tensor& a, const Tensor& b, ToA to_a,
                   ToB to_b) {
  return record(op, y, {a, b},
                [b = b.detach(), to_a, to_b](const Tensor& dy, Gradients& gradients) {
                  if (gradients.wanted(0)) gradients.give(0, to_a(dy));
                  if (gradients.wanted(1)) gradients.give(1, gathered(to_b(dy), b));
                });
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const ops::ProfileScope scope("add", a.device());
  const Tensor y = pairwise("add", a, b, {kernels::add, cpu::add, cpu::add});
  const auto same = [](const Tensor& dy) { return dy; };
  return record_pair("add", y, a, b, same, same);
}

Tensor subtract(const Tensor& a, const Tensor& b) {
  const ops::ProfileScope scope("subtract", a.device());
  const Tensor y = pairwise("subtract", a, b, {kernels::subtract, cpu::subtract, cpu::subtract});
  return record_pair(
      "subtract", y, a, b, [](const Tensor& dy) { return dy; },
      [](const Tensor& dy) { return -dy; });
}

Tensor multiply(const Tensor& a, const Tensor& b) {
  const ops::ProfileScope scope("multiply", a.device());
  const Tensor y = pairwise("multiply", a, b, {kernels::multiply, cpu::multiply, cpu::multiply});
  return record_pair(
      "multiply", y, a, b, [b = b.detach()](const Tensor& dy) { return dy * b; },
      [a = a.detach()](const Tensor& dy) { return dy * a; });
}

Tensor divide(const Tensor& a, const Tensor& b) {
  const ops::ProfileScope scope("divide", a.device());
  const Tensor y = pairwise("divide", a, b, {kernels::divide, cpu::divide, cpu::divide});
  return record_pair(
      "divide", y, a, b, [b = b.detach()](const Tensor& dy) { return dy / b; },
      [y = y.detach(), b = b.detach()](const Tensor& dy) { return -(dy * y / b); });
}

}  // namespace weft
