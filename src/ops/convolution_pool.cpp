#include "kernels/convolution/direct.h"
#include "kernels/convolution/pooled_backward_weight.h"
#include "kernels/pooling/max_pool.h"
#include "src/cpu/convolution.h"
#include "src/cpu/max_pool.h"
#include "src/ops/activation.h"
#include "src/ops/check.h"
#include "src/ops/column_sums.h"
#include "src/ops/convolution.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/convolution.h"
#include "weft/ops/pooling.h"
#include "weft/stream.h"

namespace weft {
namespace {

/// The gradient of the whole map: dy where a maximum was taken from, and zeros.
Tensor spread(const Tensor& dy, const Tensor& argmax, const WindowGeometry& g) {
  const WindowGeometry squares = squares_over(g.n, g.p, g.q, static_cast<int>(dy.size(3)));
  const Tensor map = empty({g.n, g.p, g.q, dy.size(3)}, dy.dtype(), dy.device());
  if (dy.device() == Device::gpu)
    kernels::max_pool_backward(dy.data<float>(), argmax.data<std::uint8_t>(), map.data<float>(),
                               false, squares, current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&]<class T>() {
      cpu::max_pool_backward(dy.data<T>(), argmax.data<std::uint8_t>(), map.data<T>(), false,
                             squares);
    });
  return map;
}

/// From the maxima alone; the shape is one that the twin takes, here and below.
void sparse_backward_weight(const Tensor& x, const Tensor& dy, const Tensor& argmax,
                            const Gradients::Target& target, const WindowGeometry& g) {
  const std::int64_t k = dy.size(3);
  const std::uint8_t* const which = argmax.data<std::uint8_t>();
  ops::require_same_device("conv2d backward", {&x, &dy, &target.into});
  if (dy.device() == Device::cpu)
    return ops::with_floating_type(dy.dtype(), [&]<class T>() {
      cpu::conv2d_pooled_backward_weight(x.data<T>(), dy.data<T>(), which, target.into.data<T>(),
                                         target.add, g, k);
    });
  const Tensor workspace =
      empty({kernels::conv2d_pooled_backward_weight_workspace(g, k)}, DType::float32, Device::gpu);
  kernels::conv2d_pooled_backward_weight(x.data<float>(), dy.data<float>(), which,
                                         target.into.data<float>(), target.add,
                                         workspace.data<float>(), g, k, current_stream());
}

void sparse_backward_data(const Tensor& dy, const Tensor& argmax, const Tensor& weight,
                          const Gradients::Target& target, const WindowGeometry& g) {
  ops::require_same_device("conv2d backward", {&dy, &weight, &target.into});
  ops::with_floating_type(dy.dtype(), [&]<class T>() {
    cpu::conv2d_pooled_backward_data(dy.data<T>(), argmax.data<std::uint8_t>(), weight.data<T>(),
                                     target.into.data<T>(), target.add, g, dy.size(3));
  });
}

/// dy is the gradient of the maxima before ReLU.
void backward(const Tensor& x, const Tensor& weight, const Tensor& dy, const Tensor& argmax,
              const WindowGeometry& g, Gradients& gradients) {
  const bool is_cpu = dy.device() == Device::cpu;
  const bool weight_is_sparse =
      is_cpu ? cpu::conv2d_pooled_backward_fits(g)
             : kernels::conv2d_pooled_backward_weight_fits(g, weight.size(0));
  const bool data_is_sparse = is_cpu && weight_is_sparse;
  const bool wants_data = gradients.wanted(0), wants_weight = gradients.wanted(1);
  Tensor map;
  if ((wants_data && !data_is_sparse) || (wants_weight && !weight_is_sparse))
    map = spread(dy, argmax, g);
  if (wants_data && data_is_sparse)
    sparse_backward_data(dy, argmax, weight, gradients.target(0), g);
  else if (wants_data)
    ops::conv2d_backward_data(map, weight, gradients.target(0), g);
  if (wants_weight && weight_is_sparse)
    sparse_backward_weight(x, dy, argmax, gradients.target(1), g);
  else if (wants_weight)
    ops::conv2d_backward_weight(x, map, gradients.target(1), g);
  if (gradients.wanted(2))
    ops::add_column_sums("conv2d_relu_max_pool backward", dy, gradients.target(2));
}

void forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y,
             const Tensor& argmax, const WindowGeometry& g) {
  const std::int64_t k = weight.size(0);
  std::uint8_t* const which = argmax.data<std::uint8_t>();
  if (x.device() == Device::gpu)
    kernels::conv2d_relu_max_pool(x.data<float>(), weight.data<float>(),
                                  bias.defined() ? bias.data<float>() : nullptr, y.data<float>(),
                                  which, g, k, current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::conv2d_relu_max_pool(x.data<T>(), weight.data<T>(),
                                bias.defined() ? bias.data<T>() : nullptr, y.data<T>(), which, g,
                                k);
    });
}

}  // namespace

Tensor conv2d_relu_max_pool(const Tensor& x, const Tensor& weight, const Tensor& bias,
                            const Conv2dOptions& options) {
  const char* const op = "conv2d_relu_max_pool";
  const ops::ProfileScope scope(op, x.device());
  const WindowGeometry g = ops::convolution_geometry(op, x, weight, bias, options);
  const std::int64_t k = weight.size(0);
  if (options.activation != Activation::none && options.activation != Activation::relu)
    ops::fail(op, "expected no other activation than relu");
  if (g.p < 2 || g.q < 2)
    ops::fail(op, "expected a map of 2x2 or more to pool, got " + std::to_string(g.p) + "x" +
                      std::to_string(g.q));
  const bool fits = x.device() == Device::cpu || kernels::conv2d_direct_fits(g, k);
  const bool may_fuse =
      options.method == ConvolutionMethod::automatic || options.method == ConvolutionMethod::direct;
  if (!fits || !may_fuse) {
    Conv2dOptions with_relu = options;
    with_relu.activation = Activation::relu;
    return max_pool2d(conv2d(x, weight, bias, with_relu), 2);
  }
  const Tensor y = empty({g.n, g.p / 2, g.q / 2, k}, x.dtype(), x.device());
  const Tensor argmax = empty(y.shape(), DType::uint8, x.device());
  forward(x, weight, bias, y, argmax, g);
  const auto run_backward = [x, weight, result = y.detach(), argmax, g](const Tensor& dy,
                                                                        Gradients& gradients) {
    const ops::ProfileScope backward_scope("conv2d_relu_max_pool backward", dy.device());
    const Tensor dz = empty_like(dy);
    ops::activation_backward(result, dy, dz, false, Activation::relu, 0);
    backward(x, weight, dz, argmax, g, gradients);
  };
  return record(op, y, {x, weight, bias}, run_backward);
}

}  // namespace weft
