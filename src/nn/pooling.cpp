#include "weft/ops/pooling.h"

#include "weft/nn/layers.h"

namespace weft::nn {

MaxPool2d::MaxPool2d(Size2d window_, std::optional<Size2d> stride_, Size2d padding_,
                     Size2d dilation_)
    : window(window_), stride(stride_.value_or(window_)), padding(padding_), dilation(dilation_) {}
Tensor MaxPool2d::forward(const Tensor& x) {
  return max_pool2d(x, window, stride, padding, dilation);
}

AvgPool2d::AvgPool2d(Size2d window_, std::optional<Size2d> stride_, Size2d padding_,
                     bool count_include_pad_)
    : window(window_),
      stride(stride_.value_or(window_)),
      padding(padding_),
      count_include_pad(count_include_pad_) {}
Tensor AvgPool2d::forward(const Tensor& x) {
  return avg_pool2d(x, window, stride, padding, count_include_pad);
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(Size2d output_) : output(output_) {}
Tensor AdaptiveAvgPool2d::forward(const Tensor& x) { return adaptive_avg_pool2d(x, output); }

Tensor GlobalAvgPool2d::forward(const Tensor& x) { return global_avg_pool2d(x); }

}  // namespace weft::nn
