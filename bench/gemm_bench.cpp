// Products: ours, by the tile it takes by itself and, where it cuts k into slices, uncut too, beside cuBLASLt in
// float32 and, for the distance, in TF32, which rounds the operands to 10 bits, and bfloat16.

#include <cmath>
#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cublas.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/register_tiled.h"
#include "weft/device.h"
#include "weft/stream.h"

namespace {

using namespace weft;
using bench::BlasMode;
using bench::BlasProduct;

struct ProductShape {
  std::int64_t m, n, k;
  bool transpose_a = false, transpose_b = false;
};

// Squares; the lessons' layers forward (x weightᵀ), backward to the data and to the weights; skinny and ragged.
constexpr ProductShape kShapes[] = {
    {256, 256, 256},
    {512, 512, 512},
    {1024, 1024, 1024},
    {2048, 2048, 2048},
    {4096, 4096, 4096},
    {8192, 8192, 8192},
    {100, 10, 784, false, true},
    {10, 784, 100, true, false},
    {2000, 100, 784, false, true},
    {100, 784, 2000, true, false},
    {64, 128, 16384, false, true},
    {64, 16384, 128},
    {128, 16384, 64, true, false},
    {16, 4096, 4096},
    {4096, 16, 4096},
    {8192, 8192, 64},
    {64, 64, 65536},
    {1000, 1000, 1000},
    {1023, 1025, 1027},
    {4099, 131, 2053},
};

std::string name_of(const char* type, const ProductShape& s) {
  return std::string("gemm/") + type +
         (s.transpose_a || s.transpose_b ? (s.transpose_a ? "_tn" : "_nt") : "") + "/" +
         std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
}

double flops_of(const ProductShape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
}

bool cuts_k(const ProductShape& s) { return kernels::plan_gemm(s.m, s.n, s.k).depth != s.k; }

std::vector<std::string> names_for(const ProductShape& s) {
  std::vector<std::string> names{"ours", "cublas_fp32", "cublas_tf32"};
  if (cuts_k(s)) names.push_back("ours_register_tiled");
  return names;
}

bench::Problem make(const ProductShape& s) {
  const double bytes = 4.0 * static_cast<double>(s.m * s.k + s.k * s.n + s.m * s.n);
  const auto sets = static_cast<std::size_t>(bench::sets_beyond_cache(bytes));
  auto a = std::make_shared<std::vector<Tensor>>(), b = std::make_shared<std::vector<Tensor>>();
  for (std::size_t i = 0; i < sets; ++i) {
    a->push_back(bench::random_floats({s.m * s.k}));
    b->push_back(bench::random_floats({s.k * s.n}));
  }
  const Tensor workspace =
      empty({kernels::gemm_workspace(s.m, s.n, s.k)}, DType::float32, Device::gpu);
  bench::Problem problem{.flops = flops_of(s), .bytes = bytes, .contenders = {}, .reference = 1};
  // Sums of k products in two orders: errors that add up like a random walk, and four times that.
  const double rounding = 4 * std::sqrt(static_cast<double>(s.k)) * 0x1p-24;
  const Tensor ours = bench::unwritten({s.m, s.n});
  problem.contenders.push_back(
      {"ours",
       [=](int call) {
         const auto set = static_cast<std::size_t>(call) % sets;
         kernels::gemm((*a)[set].data<float>(), (*b)[set].data<float>(), nullptr,
                       ours.data<float>(), workspace.data<float>(), s.m, s.n, s.k, s.transpose_a,
                       s.transpose_b, 1, 0, Activation::none, 0, current_stream());
       },
       {ours},
       rounding});
  const auto vendor = [&](const char* name, BlasMode mode, double tolerance) {
    const auto product =
        std::make_shared<BlasProduct>(mode, s.m, s.n, s.k, s.transpose_a, s.transpose_b);
    const Tensor c = bench::unwritten({s.m, s.n});
    problem.contenders.push_back({name,
                                  [=](int call) {
                                    const auto set = static_cast<std::size_t>(call) % sets;
                                    product->run((*a)[set].data(), (*b)[set].data(), c.data());
                                  },
                                  {c},
                                  tolerance});
  };
  vendor("cublas_fp32", BlasMode::fp32, rounding);
  vendor("cublas_tf32", BlasMode::tf32, 2e-3);  // two operands rounded to 2^-11
  if (!cuts_k(s)) return problem;
  const Tensor uncut = bench::unwritten({s.m, s.n});
  problem.contenders.push_back({"ours_register_tiled",
                                [=](int call) {
                                  const auto set = static_cast<std::size_t>(call) % sets;
                                  kernels::gemm_register_tiled(
                                      (*a)[set].data<float>(), (*b)[set].data<float>(), nullptr,
                                      uncut.data<float>(), s.m, s.n, s.k, s.transpose_a,
                                      s.transpose_b, 1, 0, Activation::none, 0,
                                      kernels::plan_gemm(s.m, s.n, s.k).tile, current_stream());
                                },
                                {uncut},
                                rounding});
  return problem;
}

// Weft has no product of bfloat16 yet: the vendor's alone, compared with its own in float32 of the same numbers.
bench::Problem make_bf16(const ProductShape& s) {
  const double bytes = 2.0 * static_cast<double>(s.m * s.k + s.k * s.n + s.m * s.n);
  const auto sets = static_cast<std::size_t>(bench::sets_beyond_cache(bytes));
  auto a = std::make_shared<std::vector<Tensor>>(), b = std::make_shared<std::vector<Tensor>>();
  for (std::size_t i = 0; i < sets; ++i) {
    a->push_back(bench::random_bfloat16(s.m * s.k));
    b->push_back(bench::random_bfloat16(s.k * s.n));
  }
  const Tensor expected = bench::unwritten({s.m * s.n});
  {
    const Tensor left = bench::from_bfloat16((*a)[0]), right = bench::from_bfloat16((*b)[0]);
    const BlasProduct product(BlasMode::fp32, s.m, s.n, s.k, s.transpose_a, s.transpose_b);
    product.run(left.data(), right.data(), expected.data());
    synchronize();
  }
  const auto product =
      std::make_shared<BlasProduct>(BlasMode::bf16, s.m, s.n, s.k, s.transpose_a, s.transpose_b);
  const Tensor c = empty({2 * s.m * s.n}, DType::uint8, Device::gpu);
  const auto run = [=](int call) {
    const auto set = static_cast<std::size_t>(call) % sets;
    product->run((*a)[set].data(), (*b)[set].data(), c.data());
  };
  return {.flops = flops_of(s),
          .bytes = bytes,
          .contenders = {{"cublas_bf16", run, {c}, 4e-3}},  // results rounded to 2^-9
          .expected = {expected}};
}

}  // namespace

int main(int argc, char** argv) {
  for (const ProductShape& shape : kShapes)
    bench::add(name_of("fp32", shape), names_for(shape), [shape] { return make(shape); });
  for (const ProductShape& shape : kShapes)
    bench::add(name_of("bf16", shape), {"cublas_bf16"}, [shape] { return make_bf16(shape); });
  return bench::run(argc, argv);
}
