#include "src/cpu/clip.h"

#include "src/cpu/parallel.h"

namespace weft::cpu {

template <class T>
void clip(const T* x, T* y, std::int64_t size, T low, T high) {
  for_each_element(size, [=](std::int64_t i) {
    y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
  });
}

template <class T>
void clip_backward(const T* x, const T* dy, T* dx, bool add, std::int64_t size, T low, T high) {
  for_each_element(size, [=](std::int64_t i) {
    const T gradient = x[i] >= low && x[i] <= high ? dy[i] : T(0);
    dx[i] = add ? dx[i] + gradient : gradient;
  });
}

template void clip(const float*, float*, std::int64_t, float, float);
template void clip(const double*, double*, std::int64_t, double, double);
template void clip_backward(const float*, const float*, float*, bool, std::int64_t, float, float);
template void clip_backward(const double*, const double*, double*, bool, std::int64_t, double,
                            double);

}  // namespace weft::cpu
