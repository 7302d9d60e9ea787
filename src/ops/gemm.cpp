#include "weft/ops/gemm.h"

#include <string>

#include "kernels/gemm/gemm.h"
#include "src/cpu/gemm.h"
#include "src/ops/activation.h"
#include "src/ops/check.h"
#include "src/ops/column_sums.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

/// Rows and columns of op(a), op(b): a [m, k], b [k, n].
struct Product {
  std::int64_t m, n, k;
};

Product check_product(const char* op, const Tensor& a, const Tensor& b, bool transpose_a,
                      bool transpose_b) {
  ops::require_rank(op, "a", a, 2);
  ops::require_rank(op, "b", b, 2);
  ops::require_floating(op, "a", a);
  ops::require_same_dtype(op, a, b);
  ops::require_same_device(op, {&a, &b});
  const std::int64_t k = a.size(transpose_a ? 0 : 1);
  if (b.size(transpose_b ? 1 : 0) != k)
    ops::fail(op, "expected as many columns of op(a) as rows of op(b), got a " +
                      a.shape().to_string() + (transpose_a ? " transposed" : "") + " and b " +
                      b.shape().to_string() + (transpose_b ? " transposed" : ""));
  return {a.size(transpose_a ? 1 : 0), b.size(transpose_b ? 0 : 1), k};
}

/// c = activation(alpha op(a) op(b) + beta c + bias); everything is checked already.
void multiply_into(const Tensor& c, const Tensor& a, const Tensor& b, const Tensor& bias,
                   Product size, bool transpose_a, bool transpose_b, double alpha, double beta,
                   Activation activation = Activation::none, double slope = 0) {
  const auto [m, n, k] = size;
  if (a.device() == Device::gpu) {
    const std::int64_t floats = kernels::gemm_workspace(m, n, k);
    const Tensor workspace = floats == 0 ? Tensor() : empty({floats}, DType::float32, Device::gpu);
    kernels::gemm(a.data<float>(), b.data<float>(), bias.defined() ? bias.data<float>() : nullptr,
                  c.data<float>(), floats == 0 ? nullptr : workspace.data<float>(), m, n, k,
                  transpose_a, transpose_b, static_cast<float>(alpha), static_cast<float>(beta),
                  activation, static_cast<float>(slope), current_stream());
  } else {
    ops::with_floating_type(a.dtype(), [&]<class T>() {
      cpu::gemm(a.data<T>(), b.data<T>(), bias.defined() ? bias.data<T>() : nullptr, c.data<T>(), m,
                n, k, transpose_a, transpose_b, static_cast<T>(alpha), static_cast<T>(beta),
                activation, static_cast<T>(slope));
    });
  }
}

/// The gradient of an input that is the product of two others: written, or added to what is there.
void multiply_to_target(Gradients& gradients, int input, const Tensor& a, const Tensor& b,
                        bool transpose_a, bool transpose_b) {
  if (!gradients.wanted(input)) return;
  const Gradients::Target target = gradients.target(input);
  ops::require_same_device("gemm backward", {&a, &b, &target.into});  // one may have moved since
  const Product size = {a.size(transpose_a ? 1 : 0), b.size(transpose_b ? 0 : 1),
                        a.size(transpose_a ? 0 : 1)};
  multiply_into(target.into, a, b, {}, size, transpose_a, transpose_b, 1, target.add ? 1 : 0);
}

void check_bias(const char* op, const Tensor& bias, const Tensor& a, std::int64_t n) {
  if (!bias.defined()) return;
  ops::require_shape(op, "bias", bias, {n});
  ops::require_same_dtype(op, a, bias);
  ops::require_same_device(op, {&a, &bias});
}

}  // namespace

void gemm_(Tensor& c, const Tensor& a, const Tensor& b, const GemmOptions& options) {
  const ops::ProfileScope scope("gemm_", a.device());
  const Product size = check_product("gemm_", a, b, options.transpose_a, options.transpose_b);
  ops::require_shape("gemm_", "c", c, {size.m, size.n});
  ops::require_same_dtype("gemm_", a, c);
  ops::require_same_device("gemm_", {&a, &c});
  check_bias("gemm_", options.bias, a, size.n);
  ops::require_slope("gemm_", options.slope);
  if (overlap(c, a) || overlap(c, b) || (options.bias.defined() && overlap(c, options.bias)))
    ops::fail("gemm_", "expected c apart from a, b and bias, got memory that they share");
  multiply_into(c, a, b, options.bias, size, options.transpose_a, options.transpose_b,
                options.alpha, options.beta, options.activation, options.slope);
}

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  const ops::ProfileScope scope("matmul", a.device());
  const Product size = check_product("matmul", a, b, transpose_a, transpose_b);
  const Tensor y = empty({size.m, size.n}, a.dtype(), a.device());
  multiply_into(y, a, b, {}, size, transpose_a, transpose_b, 1, 0);
  return record("matmul", y, {a, b},
                [a, b, transpose_a, transpose_b](const Tensor& dy, Gradients& gradients) {
                  const ops::ProfileScope backward_scope("matmul backward", dy.device());
                  if (transpose_a)  // a is stored transposed, and so is its gradient
                    multiply_to_target(gradients, 0, b, dy, transpose_b, true);
                  else
                    multiply_to_target(gradients, 0, dy, b, false, !transpose_b);
                  if (transpose_b)
                    multiply_to_target(gradients, 1, dy, a, true, transpose_a);
                  else
                    multiply_to_target(gradients, 1, a, dy, !transpose_a, false);
                });
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
              double slope) {
  const ops::ProfileScope scope("linear", x.device());
  ops::require_rank("linear", "x", x, 2);
  ops::require_rank("linear", "weight", weight, 2);
  if (x.size(1) != weight.size(1))
    ops::fail("linear", "expected x [rows, " + std::to_string(weight.size(1)) + "] for weight " +
                            weight.shape().to_string() + ", got " + x.shape().to_string());
  const Product size = check_product("linear", x, weight, false, true);
  check_bias("linear", bias, x, size.n);
  ops::require_slope("linear", slope);
  const Tensor y = empty({size.m, size.n}, x.dtype(), x.device());
  multiply_into(y, x, weight, bias, size, false, true, 1, 0, activation, slope);
  const Tensor result = activation == Activation::none ? Tensor() : y.detach();
  return record("linear", y, {x, weight, bias},
                [x, weight, result, activation, slope](const Tensor& dy, Gradients& gradients) {
                  const ops::ProfileScope backward_scope("linear backward", dy.device());
                  Tensor dz = dy;  // the gradient of what the activation was applied to
                  if (activation != Activation::none) {
                    dz = empty_like(dy);
                    ops::activation_backward(result, dy, dz, false, activation, slope);
                  }
                  multiply_to_target(gradients, 0, dz, weight, false, false);
                  multiply_to_target(gradients, 1, dz, x, true, false);
                  if (gradients.wanted(2))
                    ops::add_column_sums("linear backward", dz, gradients.target(2));
                });
}

}  // namespace weft
