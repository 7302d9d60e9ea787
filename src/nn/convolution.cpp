#include "weft/ops/convolution.h"

#include <algorithm>
#include <string>

#include "weft/error.h"
#include "weft/nn/init.h"
#include "weft/nn/layers.h"

namespace weft::nn {
Conv2d::Conv2d(std::int64_t in_channels, std::int64_t out_channels, Size2d kernel,
               Generator& generator, ConvolutionSettings settings_)
    : settings(settings_) {
  if (in_channels < 1 || out_channels < 1 || kernel.h < 1 || kernel.w < 1)
    throw ShapeError("Conv2d: expected at least 1 channel in, 1 out and a kernel of 1x1, got " +
                     std::to_string(in_channels) + ", " + std::to_string(out_channels) + " and " +
                     to_string(kernel));
  const auto& [stride, padding, dilation, has_bias, method] = settings;
  if (std::min({stride.h, stride.w, dilation.h, dilation.w}) < 1 ||
      std::min(padding.h, padding.w) < 0)
    throw ShapeError(
        "Conv2d: expected strides and dilations of at least 1 and paddings of at least 0, got " +
        to_string(stride) + ", " + to_string(dilation) + " and " + to_string(padding));
  weight = empty({out_channels, kernel.h, kernel.w, in_channels});
  // Shape has refused a product that overflows.
  const std::int64_t fan_in = in_channels * kernel.h * kernel.w;
  init::fan_in_uniform_(weight, fan_in, generator);
  weight.set_requires_grad();
  if (!has_bias) return;
  bias = empty({out_channels});
  init::fan_in_uniform_(bias, fan_in, generator);
  bias.set_requires_grad();
}

Conv2dOptions Conv2d::options() const {
  return {.stride = settings.stride,
          .padding = settings.padding,
          .dilation = settings.dilation,
          .method = settings.method};
}

Tensor Conv2d::forward(const Tensor& x) { return conv2d(x, weight, bias, options()); }

NamedTensors Conv2d::named_parameters() const {
  NamedTensors parameters{{"weight", weight}};
  if (bias.defined()) parameters.emplace_back("bias", bias);
  return parameters;
}

}  // namespace weft::nn
