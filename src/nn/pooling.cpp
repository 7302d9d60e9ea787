#include "weft/ops/pooling.h"

#include "weft/nn/layers.h"

namespace weft::nn {
namespace {

/// Images for which the ops check what a layer is made of, and have nothing to compute.
Tensor no_images() {
  constexpr std::int64_t kExtent = std::int64_t{1} << 29;
  return zeros({0, kExtent, kExtent, 0});
}

}  // namespace

MaxPool2d::MaxPool2d(Size2d window_, std::optional<Size2d> stride_, Size2d padding_,
                     Size2d dilation_)
    : window(window_), stride(stride_.value_or(window_)), padding(padding_), dilation(dilation_) {
  max_pool2d(no_images(), window, stride, padding, dilation);
}
Tensor MaxPool2d::forward(const Tensor& x) {
  return max_pool2d(x, window, stride, padding, dilation);
}

AvgPool2d::AvgPool2d(Size2d window_, std::optional<Size2d> stride_, Size2d padding_,
                     bool count_include_pad_)
    : window(window_),
      stride(stride_.value_or(window_)),
      padding(padding_),
      count_include_pad(count_include_pad_) {
  avg_pool2d(no_images(), window, stride, padding, count_include_pad);
}
Tensor AvgPool2d::forward(const Tensor& x) {
  return avg_pool2d(x, window, stride, padding, count_include_pad);
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(Size2d output_) : output(output_) {
  adaptive_avg_pool2d(no_images(), output);
}
Tensor AdaptiveAvgPool2d::forward(const Tensor& x) { return adaptive_avg_pool2d(x, output); }

Tensor GlobalAvgPool2d::forward(const Tensor& x) { return global_avg_pool2d(x); }

}  // namespace weft::nn
