#include "weft/ops/convolution.h"

#include <string>

#include "kernels/convolution/direct.h"
#include "kernels/convolution/implicit_gemm.h"
#include "kernels/convolution/window_limits.h"
#include "src/cpu/convolution.h"
#include "src/ops/activation.h"
#include "src/ops/check.h"
#include "src/ops/column_sums.h"
#include "src/ops/convolution.h"
#include "src/ops/profile_scope.h"
#include "src/ops/window.h"
#include "weft/autograd.h"
#include "weft/ops/gemm.h"
#include "weft/stream.h"

namespace weft {
namespace {

/// The choice of a technique: by the shape and the device alone, so that a call gives the same bits every time.
ConvolutionMethod choose(ConvolutionMethod wanted, Device device, const WindowGeometry& g,
                         std::int64_t k) {
  const bool direct_fits = kernels::conv2d_direct_fits(g, k);
  if (wanted == ConvolutionMethod::direct && device == Device::gpu && !direct_fits)
    ops::fail("conv2d",
              "expected 1 to 4 channels, and windows within 48 KiB of shared memory, for "
              "the direct kernel, got " +
                  std::to_string(g.c) + " channels and windows of " + std::to_string(g.r) + "x" +
                  std::to_string(g.s) + " with strides of " + std::to_string(g.stride_h) + "x" +
                  std::to_string(g.stride_w) + " and dilations of " + std::to_string(g.dilation_h) +
                  "x" + std::to_string(g.dilation_w));
  if (wanted != ConvolutionMethod::automatic) return wanted;
  return device == Device::gpu && direct_fits ? ConvolutionMethod::direct
                                              : ConvolutionMethod::implicit_gemm;
}

Tensor workspace_for(kernels::ConvolutionPass pass, const WindowGeometry& g, std::int64_t k) {
  return empty({kernels::conv2d_implicit_workspace(pass, g, k)}, DType::float32, Device::gpu);
}

void forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y,
             const WindowGeometry& g, const Conv2dOptions& options, ConvolutionMethod method) {
  const std::int64_t k = weight.size(0);
  if (x.device() == Device::gpu) {
    const float* const bias_data = bias.defined() ? bias.data<float>() : nullptr;
    const float slope = static_cast<float>(options.slope);
    if (method == ConvolutionMethod::direct)
      kernels::conv2d_direct(x.data<float>(), weight.data<float>(), bias_data, y.data<float>(), g,
                             k, options.activation, slope, current_stream());
    else
      kernels::conv2d_implicit(x.data<float>(), weight.data<float>(), bias_data, y.data<float>(),
                               workspace_for(kernels::ConvolutionPass::forward, g, k).data<float>(),
                               g, k, options.activation, slope, current_stream());
    return;
  }
  ops::with_floating_type(x.dtype(), [&]<class T>() {
    const auto twin = method == ConvolutionMethod::direct ? cpu::conv2d_direct<T> : cpu::conv2d<T>;
    twin(x.data<T>(), weight.data<T>(), bias.defined() ? bias.data<T>() : nullptr, y.data<T>(), g,
         k, options.activation, static_cast<T>(options.slope));
  });
}

void check(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ops::require_rank(op, "x [n, h, w, c]", x, 4);
  ops::require_rank(op, "weight [k, r, s, c]", weight, 4);
  ops::require_floating(op, "x", x);
  ops::require_same_dtype(op, x, weight);
  ops::require_same_device(op, {&x, &weight});
  if (weight.size(3) != x.size(3))
    ops::fail(op, "expected weight [k, r, s, " + std::to_string(x.size(3)) + "] for x " +
                      x.shape().to_string() + ", got " + weight.shape().to_string());
  if (!bias.defined()) return;
  ops::require_shape(op, "bias", bias, {weight.size(0)});
  ops::require_same_dtype(op, x, bias);
  ops::require_same_device(op, {&x, &bias});
}

}  // namespace

WindowGeometry ops::convolution_geometry(const char* op, const Tensor& x, const Tensor& weight,
                                         const Tensor& bias, const Conv2dOptions& options) {
  check(op, x, weight, bias);
  ops::require_slope(op, options.slope);
  const WindowGeometry g = ops::window_geometry(op, x, {weight.size(1), weight.size(2)},
                                                options.stride, options.padding, options.dilation);
  kernels::require_product_of_ints(op, g, weight.size(0));
  return g;
}

void ops::conv2d_backward_data(const Tensor& dy, const Tensor& weight,
                               const Gradients::Target& target, const WindowGeometry& g) {
  const auto& [dx, add] = target;
  const std::int64_t k = weight.size(0);
  ops::require_same_device("conv2d backward", {&dy, &weight, &dx});  // one may have moved since
  if (dy.device() == Device::gpu)
    kernels::conv2d_implicit_backward_data(
        dy.data<float>(), weight.data<float>(), dx.data<float>(), add,
        workspace_for(kernels::ConvolutionPass::backward_data, g, k).data<float>(), g, k,
        current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&, &dx = dx, &add = add]<class T>() {
      cpu::conv2d_backward_data(dy.data<T>(), weight.data<T>(), dx.data<T>(), add, g, k);
    });
}

void ops::conv2d_backward_weight(const Tensor& x, const Tensor& dy, const Gradients::Target& target,
                                 const WindowGeometry& g) {
  const auto& [dweight, add] = target;
  const std::int64_t k = dweight.size(0);
  ops::require_same_device("conv2d backward", {&x, &dy, &dweight});
  if (dy.device() == Device::gpu)
    kernels::conv2d_implicit_backward_weight(
        x.data<float>(), dy.data<float>(), dweight.data<float>(), add,
        workspace_for(kernels::ConvolutionPass::backward_weight, g, k).data<float>(), g, k,
        current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&, &dweight = dweight, &add = add]<class T>() {
      cpu::conv2d_backward_weight(x.data<T>(), dy.data<T>(), dweight.data<T>(), add, g, k);
    });
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options) {
  const ops::ProfileScope scope("conv2d", x.device());
  const WindowGeometry g = ops::convolution_geometry("conv2d", x, weight, bias, options);
  const std::int64_t k = weight.size(0);
  const ConvolutionMethod method = choose(options.method, x.device(), g, k);
  const Shape shape{g.n, g.p, g.q, k};
  if (method == ConvolutionMethod::im2col) {
    const Tensor columns = im2col(x, {g.r, g.s}, options.stride, options.padding, options.dilation);
    const Tensor rows = weight.reshape({k, columns.size(1)});
    return linear(columns, rows, bias, options.activation, options.slope).reshape(shape);
  }
  const Tensor y = empty(shape, x.dtype(), x.device());
  forward(x, weight, bias, y, g, options, method);
  const Activation activation = options.activation;
  const Tensor result = activation == Activation::none ? Tensor() : y.detach();
  return record("conv2d", y, {x, weight, bias},
                [x, weight, result, g, activation, slope = options.slope](const Tensor& dy,
                                                                          Gradients& gradients) {
                  const ops::ProfileScope backward_scope("conv2d backward", dy.device());
                  Tensor dz = dy;  // the gradient of what the activation was applied to
                  if (activation != Activation::none) {
                    dz = empty_like(dy);
                    ops::activation_backward(result, dy, dz, false, activation, slope);
                  }
                  if (gradients.wanted(0))
                    ops::conv2d_backward_data(dz, weight, gradients.target(0), g);
                  if (gradients.wanted(1))
                    ops::conv2d_backward_weight(x, dz, gradients.target(1), g);
                  if (gradients.wanted(2))
                    ops::add_column_sums("conv2d backward", dz, gradients.target(2));
                });
}

}  // namespace weft
