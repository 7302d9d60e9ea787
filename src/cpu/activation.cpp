#include "src/cpu/activation.h"

#include <cmath>

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

}  // namespace

template <class T>
void activation(const T* x, T* y, std::int64_t size, Activation activation, T slope) {
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
