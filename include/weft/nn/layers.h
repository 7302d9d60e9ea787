#pragma once

// Layers, with PyTorch's names, defaults and order of random draws (weight first, then bias). Images are [n, h, w, c].
// Constructors draw on the CPU; Module::to moves a model. They throw ShapeError for sizes that make no layer.

#include <optional>

#include "weft/activation.h"
#include "weft/nn/module.h"
#include "weft/ops/convolution.h"
#include "weft/ops/random.h"
#include "weft/window.h"

namespace weft::nn {
/// @addtogroup nn
/// @{

/// y = x weightᵀ + bias: x [rows, in_features], weight [out_features, in_features], bias
/// [out_features]. Weights and bias start uniform in ±1/sqrt(in_features), PyTorch's default, drawn
/// from two keys of the generator.
class Linear : public Module {
 public:
  /// Draws weight and, where there is one, bias.
  Linear(std::int64_t in_features, std::int64_t out_features, Generator& generator,
         bool bias = true);
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;

  Tensor weight;  ///< [out_features, in_features]
  Tensor bias;    ///< undefined where there is none
};

/// What a Conv2d hands to conv2d.
struct ConvolutionSettings {
  Size2d stride = 1;                                        ///< pixels from window to window
  Size2d padding = 0;                                       ///< zeros on every side
  Size2d dilation = 1;                                      ///< pixels from tap to tap
  bool bias = true;                                         ///< whether there is one
  ConvolutionMethod method = ConvolutionMethod::automatic;  ///< how it is computed
};

/// conv2d with weight [out_channels, kernel.h, kernel.w, in_channels] and bias [out_channels], which start
/// uniform in ±1/sqrt(in_channels kernel.h kernel.w).
class Conv2d : public Module {
 public:
  /// Draws weight and, where there is one, bias.
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, Size2d kernel, Generator& generator,
         ConvolutionSettings settings = {});
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;
  Conv2dOptions options() const;  ///< of the op

  Tensor weight;                 ///< [out_channels, kernel.h, kernel.w, in_channels]
  Tensor bias;                   ///< undefined where there is none
  ConvolutionSettings settings;  ///< as they were given
};

/// max_pool2d; the stride is the window where it is not given.
class MaxPool2d : public Module {
 public:
  /// Throws ShapeError where the op would for any image.
  explicit MaxPool2d(Size2d window, std::optional<Size2d> stride = {}, Size2d padding = 0,
                     Size2d dilation = 1);
  Tensor forward(const Tensor& x) override;

  /// As max_pool2d takes them.
  /// @{
  Size2d window, stride, padding, dilation;
  /// @}
};

/// avg_pool2d; the stride is the window where it is not given.
class AvgPool2d : public Module {
 public:
  /// Throws ShapeError where the op would for any image.
  explicit AvgPool2d(Size2d window, std::optional<Size2d> stride = {}, Size2d padding = 0,
                     bool count_include_pad = true);
  Tensor forward(const Tensor& x) override;

  /// As avg_pool2d takes them.
  /// @{
  Size2d window, stride, padding;
  bool count_include_pad;
  /// @}
};

/// adaptive_avg_pool2d: to [n, output.h, output.w, c].
class AdaptiveAvgPool2d : public Module {
 public:
  /// Throws ShapeError where the op would for any image.
  explicit AdaptiveAvgPool2d(Size2d output);
  Tensor forward(const Tensor& x) override;

  Size2d output;  ///< pixels of the result
};

/// global_avg_pool2d: to the mean of each channel, [n, c].
class GlobalAvgPool2d : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// The two numbers of a BatchNorm.
struct BatchNormSettings {
  double epsilon = 1e-5;  ///< added to the variance
  double momentum = 0.1;  ///< the share of the batch's values in the running ones
};

/// batch_norm over the last axis of x [..., features]: vectors and images alike. weight starts as 1, bias as 0,
/// running_mean as 0 and running_var as 1. In training it normalises by the batch and keeps the running
/// values, in evaluation by them.
class BatchNorm : public Module {
 public:
  /// For vectors or images with so many features or channels.
  explicit BatchNorm(std::int64_t features, BatchNormSettings settings = {});
  Tensor forward(const Tensor& x) override { return forward(x, Activation::none); }
  Tensor forward(const Tensor& x, Activation activation);  ///< none or relu, in the same op
  NamedTensors named_parameters() const override;
  NamedTensors named_buffers() const override;

  /// [features]
  /// @{
  Tensor weight, bias, running_mean, running_var;
  /// @}
  BatchNormSettings settings;  ///< as they were given
};

/// PyTorch's names.
/// @{
using BatchNorm1d = BatchNorm;
using BatchNorm2d = BatchNorm;
/// @}

/// In training sets elements to 0 with probability p and scales the others by 1 / (1 - p); in evaluation
/// gives x. Takes one draw of the generator; every forward in training is another step of it.
class Dropout : public Module {
 public:
  /// Throws ShapeError for p outside 0..1.
  Dropout(double p, Generator& generator);
  Tensor forward(const Tensor& x) override;

  double p;  ///< the probability

 private:
  RandomKey key_;
};

/// [n, ...] to [n, features]; a view.
class Flatten : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// [n, features] to [n, shape]; a view.
class Unflatten : public Module {
 public:
  /// Of a sample.
  explicit Unflatten(Shape shape);
  Tensor forward(const Tensor& x) override;

  Shape shape;  ///< as it was given
};

/// sigmoid as a layer.
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// tanh as a layer.
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// relu as a layer.
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// leaky_relu as a layer.
class LeakyReLU : public Module {
 public:
  /// Throws ShapeError for a slope that is negative or not finite.
  explicit LeakyReLU(double slope = kLeakySlope);
  Tensor forward(const Tensor& x) override;

  double slope;  ///< left of 0
};

/// softmax over the columns of x [rows, cols]. To train, cross_entropy takes the logits themselves.
class Softmax : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// log_softmax over the columns of x [rows, cols].
class LogSoftmax : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// @}
}  // namespace weft::nn
