#include "src/cpu/map.h"

#include <cmath>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

template <class T, class Function>
void map(const T* x, T* y, std::int64_t size, Function function) {
  for_each_element(size, [=](std::int64_t i) { y[i] = function(x[i]); });
}

}  // namespace

template <class T>
void affine(const T* x, T* y, std::int64_t size, T scale, T shift) {
  map(x, y, size, [scale, shift](T value) { return scale * value + shift; });
}

template <class T>
void divide_by(const T* x, T* y, std::int64_t size, T divisor) {
  map(x, y, size, [divisor](T value) { return value / divisor; });
}

template <class T>
void exp(const T* x, T* y, std::int64_t size) {
  map(x, y, size, [](T value) { return std::exp(value); });
}

template <class T>
void log(const T* x, T* y, std::int64_t size) {
  map(x, y, size, [](T value) { return std::log(value); });
}

template <class T>
void sqrt(const T* x, T* y, std::int64_t size) {
  map(x, y, size, [](T value) { return std::sqrt(value); });
}

template <class T>
void square(const T* x, T* y, std::int64_t size) {
  map(x, y, size, [](T value) { return value * value; });
}

template void affine(const float*, float*, std::int64_t, float, float);
template void affine(const double*, double*, std::int64_t, double, double);
template void divide_by(const float*, float*, std::int64_t, float);
template void divide_by(const double*, double*, std::int64_t, double);
template void exp(const float*, float*, std::int64_t);
template void exp(const double*, double*, std::int64_t);
template void log(const float*, float*, std::int64_t);
template void log(const double*, double*, std::int64_t);
template void sqrt(const float*, float*, std::int64_t);
template void sqrt(const double*, double*, std::int64_t);
template void square(const float*, float*, std::int64_t);
template void square(const double*, double*, std::int64_t);

}  // namespace weft::cpu
