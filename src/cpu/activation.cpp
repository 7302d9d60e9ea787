#include "src/cpu/activation.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "src/cpu/exponential.h"
#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

/// Calls run(f, derivative from y) for the functions of one number that the activation is.
template <class T, class Run>
void with_functions(Activation activation, T slope, Run run) {
  switch (activation) {
    case Activation::sigmoid:
      return run(
          [](T x) {
            const T e = std::exp(-std::abs(x));  // never overflows
            return (x < 0 ? e : T(1)) / (T(1) + e);
          },
          [](T y) { return y * (T(1) - y); });
    case Activation::tanh:
      return run([](T x) { return std::tanh(x); }, [](T y) { return T(1) - y * y; });
    case Activation::relu:
      return run([](T x) { return x <= 0 ? T(0) : x; }, [](T y) { return y <= 0 ? T(0) : T(1); });
    case Activation::leaky_relu:
      return run([slope](T x) { return x < 0 ? slope * x : x; },
                 [slope](T y) { return y <= 0 ? slope : T(1); });
    case Activation::none:
      return run([](T x) { return x; }, [](T) { return T(1); });
  }
}

constexpr std::int64_t kPiece = 4096;  // numbers that a thread takes at once

void sigmoids(const float* x, float* y, std::int64_t size) {
  parallel_for((size + kPiece - 1) / kPiece, size, [=](std::int64_t piece) {
    const std::int64_t end = std::min((piece + 1) * kPiece, size);
    for (std::int64_t i = piece * kPiece; i < end; i += kLanes) {
      const Floats lanes = load_lanes(x + i, end - i);
      const Ints is_negative = lanes < Floats{};
      const Floats e = exp_of_nonpositive(is_negative ? lanes : -lanes);  // never overflows
      store_lanes(y + i, end - i, (is_negative ? e : Floats{} + 1.0f) / (e + 1.0f));
    }
  });
}

}  // namespace

template <class T>
void activation(const T* x, T* y, std::int64_t size, Activation activation, T slope) {
  if constexpr (std::is_same_v<T, float>)
    if (activation == Activation::sigmoid) return sigmoids(x, y, size);
  with_functions(activation, slope, [&](auto f, auto) {
    for_each_element(size, [=](std::int64_t i) { y[i] = f(x[i]); });
  });
}

template <class T>
void activation_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t size,
                         Activation activation, T slope) {
  with_functions(activation, slope, [&](auto, auto derivative) {
    for_each_element(size, [=](std::int64_t i) {
      const T gradient = dy[i] * derivative(y[i]);
      dx[i] = add ? dx[i] + gradient : gradient;
    });
  });
}

template void activation(const float*, float*, std::int64_t, Activation, float);
template void activation(const double*, double*, std::int64_t, Activation, double);
template void activation_backward(const float*, const float*, float*, bool, std::int64_t,
                                  Activation, float);
template void activation_backward(const double*, const double*, double*, bool, std::int64_t,
                                  Activation, double);

}  // namespace weft::cpu
