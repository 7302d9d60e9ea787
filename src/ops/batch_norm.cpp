#include "weft/ops/batch_norm.h"

#include <initializer_list>
#include <string>

#include "kernels/batch_norm/batch_norm.h"
#include "src/cpu/batch_norm.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

constexpr const char* kOp = "batch_norm";

struct Matrix {
  std::int64_t rows, c;
};

/// x as a matrix of rows by channels.
Matrix matrix_of(const Tensor& x) {
  if (x.rank() < 2) ops::fail(kOp, "expected x of rank 2 or more, got " + x.shape().to_string());
  Matrix matrix{1, x.size(x.rank() - 1)};
  constexpr auto kMost = std::int64_t{1} << 60;  // the product may overflow without channels
  for (int axis = 0; axis + 1 < x.rank(); ++axis)
    matrix.rows =
        x.size(axis) > 0 && matrix.rows > kMost / x.size(axis) ? kMost : matrix.rows * x.size(axis);
  return matrix;
}

void check_channels(const char* name, const Tensor& of_channel, const Tensor& x, std::int64_t c) {
  if (!of_channel.defined()) return;
  ops::require_shape(kOp, name, of_channel, {c});
  ops::require_same_dtype(kOp, x, of_channel);
  ops::require_same_device(kOp, {&x, &of_channel});
}

/// In training these are written while the others are read.
void check_running(const Tensor& running_mean, const Tensor& running_variance,
                   std::initializer_list<const Tensor*> inputs) {
  bool shared = overlap(running_mean, running_variance);
  for (const Tensor* input : inputs)
    shared = shared || (input->defined() &&
                        (overlap(running_mean, *input) || overlap(running_variance, *input)));
  if (shared)
    ops::fail(kOp,
              "expected running_mean and running_variance in memory of their own, got memory "
              "that they share with each other, x, weight or bias");
}

void check(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean,
           const Tensor& running_variance, const BatchNormOptions& options, Matrix matrix) {
  ops::require_floating(kOp, "x", x);
  check_channels("weight", weight, x, matrix.c);
  check_channels("bias", bias, x, matrix.c);
  check_channels("running_mean", running_mean, x, matrix.c);
  check_channels("running_variance", running_variance, x, matrix.c);
  if (running_mean.defined() != running_variance.defined())
    ops::fail(kOp, "expected running_mean and running_variance, or neither");
  if (!options.training && !running_mean.defined())
    ops::fail(kOp, "expected running_mean and running_variance in evaluation");
  if (options.training && matrix.rows < 2)
    ops::fail(kOp, "expected more than one value for each channel in training, got x " +
                       x.shape().to_string());
  if (options.activation != Activation::none && options.activation != Activation::relu)
    ops::fail(kOp, "expected no activation or relu");
  if (!(options.epsilon >= 0))
    ops::fail(kOp, "expected an epsilon of 0 or more, got " + std::to_string(options.epsilon));
  if (!(options.momentum >= 0 && options.momentum <= 1))  // also NaN
    ops::fail(kOp, "expected a momentum of 0 to 1, got " + std::to_string(options.momentum));
  if (options.training && running_mean.defined())
    check_running(running_mean, running_variance, {&x, &weight, &bias});
}

template <class T>
T* data_or_null(const Tensor& x) {
  return x.defined() ? x.data<T>() : nullptr;
}

Tensor workspace_of(std::int64_t floats) {
  return floats == 0 ? Tensor() : empty({floats}, DType::float32, Device::gpu);
}

struct Saved {
  Tensor x, weight, mean, rstd, y;  // y where ReLU was fused, else undefined
  bool training;
};

void backward_of(const Saved& saved, const Tensor& dy, Gradients& gradients) {
  const ops::ProfileScope scope("batch_norm backward", dy.device());
  Gradients::Target targets[3] = {};
  for (int input = 0; input < 3; ++input)
    if (gradients.wanted(input)) targets[input] = gradients.target(input);
  const auto& [dx, dweight, dbias] = targets;
  const Matrix matrix = matrix_of(saved.x);
  const auto arguments = [&]<class T>(auto p) {
    p.x = saved.x.data<T>(), p.weight = data_or_null<T>(saved.weight);
    p.mean = saved.mean.data<T>(), p.rstd = saved.rstd.data<T>();
    p.y = data_or_null<T>(saved.y), p.dy = dy.data<T>();
    p.dx = data_or_null<T>(dx.into), p.add_dx = dx.add;
    p.dweight = data_or_null<T>(dweight.into), p.add_dweight = dweight.add;
    p.dbias = data_or_null<T>(dbias.into), p.add_dbias = dbias.add;
    p.rows = matrix.rows, p.c = matrix.c, p.training = saved.training;
    return p;
  };
  if (dy.device() == Device::gpu) {
    const Tensor workspace = workspace_of(kernels::batch_norm_backward_workspace(
        matrix.rows, matrix.c, gpu_properties().shared_bytes_per_block));
    kernels::batch_norm_backward(arguments.template operator()<float>(kernels::BatchNormBackward{}),
                                 data_or_null<float>(workspace), current_stream());
  } else {
    ops::with_floating_type(dy.dtype(), [&]<class T>() {
      cpu::batch_norm_backward(arguments.template operator()<T>(cpu::BatchNormBackward<T>{}));
    });
  }
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, Tensor& running_mean,
                  Tensor& running_variance, const BatchNormOptions& options) {
  const ops::ProfileScope scope(kOp, x.device());
  const Matrix matrix = matrix_of(x);
  check(x, weight, bias, running_mean, running_variance, options, matrix);
  const Tensor y = empty_like(x);
  Tensor mean, rstd;  // evaluation has them for backward alone
  if (options.training || needs_grad({&x, &weight, &bias})) {
    mean = empty({matrix.c}, x.dtype(), x.device());
    rstd = empty({matrix.c}, x.dtype(), x.device());
  }
  const bool relu = options.activation == Activation::relu;
  const auto arguments = [&]<class T>(auto p) {
    p.x = x.data<T>(), p.weight = data_or_null<T>(weight), p.bias = data_or_null<T>(bias);
    p.y = y.data<T>(), p.mean = data_or_null<T>(mean), p.rstd = data_or_null<T>(rstd);
    p.running_mean = data_or_null<T>(running_mean);
    p.running_variance = data_or_null<T>(running_variance);
    p.rows = matrix.rows, p.c = matrix.c, p.relu = relu;
    p.momentum = static_cast<T>(options.momentum), p.epsilon = static_cast<T>(options.epsilon);
    return p;
  };
  if (x.device() == Device::gpu) {
    const auto p = arguments.template operator()<float>(kernels::BatchNormForward{});
    if (options.training) {
      const Tensor workspace = workspace_of(kernels::batch_norm_workspace(
          matrix.rows, matrix.c, gpu_properties().shared_bytes_per_block));
      kernels::batch_norm(p, data_or_null<float>(workspace), current_stream());
    } else {
      kernels::batch_norm_evaluate(p, current_stream());
    }
  } else {
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      const auto p = arguments.template operator()<T>(cpu::BatchNormForward<T>{});
      options.training ? cpu::batch_norm(p) : cpu::batch_norm_evaluate(p);
    });
  }
  const Saved saved{x.detach(),
                    weight.defined() ? weight.detach() : Tensor(),
                    mean,
                    rstd,
                    relu ? y.detach() : Tensor(),
                    options.training};
  return record(kOp, y, {x, weight, bias}, [saved](const Tensor& dy, Gradients& gradients) {
    backward_of(saved, dy, gradients);
  });
}

}  // namespace weft
