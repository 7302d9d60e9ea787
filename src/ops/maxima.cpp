// The largest elements: an argmax chooses, what it chose is taken, and the gradient goes back there.

#include <limits>

#include "kernels/reduction/maxima.h"
#include "src/cpu/maxima.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/reduction.h"
#include "weft/stream.h"

namespace weft {
namespace {

constexpr std::int64_t kPiece = 4096;  // elements of a tensor whose maximum is found together

template <class T, class... Stream>
using Take = void (*)(const T*, const std::int32_t*, T*, std::int64_t, std::int64_t, Stream...);
template <class T, class... Stream>
using TakeBackward = void (*)(const T*, const std::int32_t*, T*, bool, std::int64_t, std::int64_t,
                              Stream...);
struct Twins {
  Take<float, StreamView> take_gpu;
  Take<float> take_float;
  Take<double> take_double;
  TakeBackward<float, StreamView> backward_gpu;
  TakeBackward<float> backward_float;
  TakeBackward<double> backward_double;
};

constexpr Twins kOfRows{kernels::take_of_rows,      cpu::take_of_rows,
                        cpu::take_of_rows,          kernels::take_of_rows_backward,
                        cpu::take_of_rows_backward, cpu::take_of_rows_backward};
constexpr Twins kOfColumns{kernels::take_of_columns,      cpu::take_of_columns,
                           cpu::take_of_columns,          kernels::take_of_columns_backward,
                           cpu::take_of_columns_backward, cpu::take_of_columns_backward};

/// y = the chosen elements of x [rows, cols], one for each of `choice`.
void take(const Tensor& x, const Tensor& choice, const Tensor& y, const Twins& twins) {
  const auto run = [&]<class T>(auto twin, T, auto... stream) {
    twin(x.data<T>(), choice.data<std::int32_t>(), y.data<T>(), x.size(0), x.size(1), stream...);
  };
  if (x.device() == Device::gpu)
    run(twins.take_gpu, float{}, current_stream());
  else if (x.dtype() == DType::float32)
    run(twins.take_float, float{});
  else
    run(twins.take_double, double{});
}

/// dx [rows, cols] (+)= dy at the chosen places and 0 elsewhere.
void take_backward(const Tensor& dy, const Tensor& choice, const Tensor& dx, bool add,
                   const Twins& twins) {
  const auto run = [&]<class T>(auto twin, T, auto... stream) {
    twin(dy.data<T>(), choice.data<std::int32_t>(), dx.data<T>(), add, dx.size(0), dx.size(1),
         stream...);
  };
  if (dx.device() == Device::gpu)
    run(twins.backward_gpu, float{}, current_stream());
  else if (dx.dtype() == DType::float32)
    run(twins.backward_float, float{});
  else
    run(twins.backward_double, double{});
}

Tensor record_taken(const char* op, const Tensor& x, const Tensor& choice, const Twins& twins) {
  const Tensor y = empty(choice.shape(), x.dtype(), x.device());
  take(x, choice, y, twins);
  return record(op, y, {x}, [choice, &twins](const Tensor& dy, Gradients& gradients) {
    const auto [dx, add] = gradients.target(0);
    take_backward(dy, choice, dx, add, twins);
  });
}

void require_comparable(const char* op, const char* what, std::int64_t count, const Tensor& x) {
  if (count < 1 || count > std::numeric_limits<std::int32_t>::max())
    ops::fail(op, "expected x of 1 to 2147483647 " + std::string(what) + ", got " +
                      x.shape().to_string());
}

/// The largest of each kPiece elements of x [size], in order; the last piece may be shorter.
Tensor piece_maxima(const Tensor& x) {
  const std::int64_t size = x.size(), whole = size / kPiece, rest = size % kPiece;
  const auto pieces_of = [=](const Tensor& flat) {
    return flat.rows(0, whole * kPiece).reshape({whole, kPiece});
  };
  const auto rest_of = [=](const Tensor& flat) {
    return flat.rows(whole * kPiece, size).reshape({1, rest});
  };
  const Tensor values = x.detach(), y = empty({whole + (rest > 0)}, x.dtype(), x.device());
  const Tensor choice = argmax(pieces_of(values));
  take(pieces_of(values), choice, y.rows(0, whole), kOfRows);
  Tensor rest_choice;
  if (rest > 0) {
    rest_choice = argmax(rest_of(values));
    take(rest_of(values), rest_choice, y.rows(whole, whole + 1), kOfRows);
  }
  return record("max", y, {x}, [=](const Tensor& dy, Gradients& gradients) {
    const auto [dx, add] = gradients.target(0);
    take_backward(dy.rows(0, whole), choice, pieces_of(dx), add, kOfRows);
    if (rest > 0) take_backward(dy.rows(whole, whole + 1), rest_choice, rest_of(dx), add, kOfRows);
  });
}

}  // namespace

Tensor row_maxima(const Tensor& x) {
  const ops::ProfileScope scope("row_maxima", x.device());
  ops::require_rank("row_maxima", "x", x, 2);
  ops::require_floating("row_maxima", "x", x);
  require_comparable("row_maxima", "columns", x.size(1), x);
  return record_taken("row_maxima", x, argmax(x), kOfRows);
}

Tensor column_maxima(const Tensor& x) {
  const ops::ProfileScope scope("column_maxima", x.device());
  ops::require_rank("column_maxima", "x", x, 2);
  ops::require_floating("column_maxima", "x", x);
  const std::int64_t rows = x.size(0), cols = x.size(1);
  require_comparable("column_maxima", "rows", rows, x);
  const Tensor choice = empty({cols}, DType::int32, x.device());
  if (x.device() == Device::gpu)
    kernels::column_argmax(x.data<float>(), choice.data<std::int32_t>(), rows, cols,
                           current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::column_argmax(x.data<T>(), choice.data<std::int32_t>(), rows, cols);
    });
  return record_taken("column_maxima", x, choice, kOfColumns);
}

Tensor max(const Tensor& x) {
  const ops::ProfileScope scope("max", x.device());
  ops::require_floating("max", "x", x);
  require_comparable("max", "elements", x.size(), x);
  if (x.size() <= kPiece) return row_maxima(x.reshape({1, x.size()})).reshape({});
  return max(piece_maxima(x.reshape({x.size()})));
}

}  // namespace weft
