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

/// y = x weightᵀ + bias: x [rows, in_features], weight [out_features, in_features], bias
/// [out_features]. Weights and bias start uniform in ±1/sqrt(in_features), PyTorch's default, drawn
/// from two keys of the generator.
class Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, Generator& generator,
         bool bias = true);
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;

  Tensor weight;
  Tensor bias;  // undefined where there is none
};

struct ConvolutionSettings {
  Size2d stride = 1;
  Size2d padding = 0;
  Size2d dilation = 1;
  bool bias = true;
  ConvolutionMethod method = ConvolutionMethod::automatic;
};

/// conv2d with weight [out_channels, kernel.h, kernel.w, in_channels] and bias [out_channels], which start
/// uniform in ±1/sqrt(in_channels kernel.h kernel.w).
class Conv2d : public Module {
 public:
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, Size2d kernel, Generator& generator,
         ConvolutionSettings settings = {});
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;
  Conv2dOptions options() const;  // of the op

  Tensor weight;
  Tensor bias;  // undefined where there is none
  ConvolutionSettings settings;
};

/// max_pool2d, avg_pool2d (weft/ops/pooling.h); the stride is the window where it is not given.
class MaxPool2d : public Module {
 public:
  explicit MaxPool2d(Size2d window, std::optional<Size2d> stride = {}, Size2d padding = 0,
                     Size2d dilation = 1);
  Tensor forward(const Tensor& x) override;

  Size2d window, stride, padding, dilation;
};
class AvgPool2d : public Module {
 public:
  explicit AvgPool2d(Size2d window, std::optional<Size2d> stride = {}, Size2d padding = 0,
                     bool count_include_pad = true);
  Tensor forward(const Tensor& x) override;

  Size2d window, stride, padding;
  bool count_include_pad;
};
/// To [n, output.h, output.w, c], and to the mean of each channel, [n, c].
class AdaptiveAvgPool2d : public Module {
 public:
  explicit AdaptiveAvgPool2d(Size2d output);
  Tensor forward(const Tensor& x) override;

  Size2d output;
};
class GlobalAvgPool2d : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

struct BatchNormSettings {
  double epsilon = 1e-5;
  double momentum = 0.1;  // of the batch's values in the running ones
};

/// batch_norm over the last axis of x [..., features]: vectors and images alike. weight starts as 1, bias as 0,
/// running_mean as 0 and running_var as 1. In training it normalises by the batch and keeps the running
/// values, in evaluation by them.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(std::int64_t features, BatchNormSettings settings = {});
  Tensor forward(const Tensor& x) override { return forward(x, Activation::none); }
  Tensor forward(const Tensor& x, Activation activation);  // none or relu, in the same op
  NamedTensors named_parameters() const override;
  NamedTensors named_buffers() const override;

  Tensor weight, bias, running_mean, running_var;
  BatchNormSettings settings;
};
using BatchNorm1d = BatchNorm;  // PyTorch's names
using BatchNorm2d = BatchNorm;

/// In training sets elements to 0 with probability p and scales the others by 1 / (1 - p); in evaluation
/// gives x. Takes one draw of the generator; every forward in training is another step of it.
class Dropout : public Module {
 public:
  Dropout(double p, Generator& generator);
  Tensor forward(const Tensor& x) override;

  double p;

 private:
  RandomKey key_;
};

/// [n, ...] to [n, features], and [n, features] to [n, shape]; views.
class Flatten : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class Unflatten : public Module {
 public:
  explicit Unflatten(Shape shape);
  Tensor forward(const Tensor& x) override;

  Shape shape;
};

/// Activation functions as layers; no parameters.
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class LeakyReLU : public Module {
 public:
  explicit LeakyReLU(double slope = kLeakySlope);
  Tensor forward(const Tensor& x) override;

  double slope;
};
/// Over the columns of x [rows, cols]. To train, cross_entropy takes the logits themselves.
class Softmax : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class LogSoftmax : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

}  // namespace weft::nn
