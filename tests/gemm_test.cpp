// Every GEMM kernel against its twin, cpu::gemm.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/gemm/gemm.h"
#include "kernels/gemm/split_k.h"
#include "tests/gemm_case.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/device.h"
#include "weft/stream.h"

namespace weft::test {
namespace {

/// A way to compute a product on Device::gpu, and the tile whose edges are of interest.
struct Technique {
  std::string name;
  kernels::GemmTileShape tile;
  std::function<void(const GemmCase<float>&, const float* a, const float* b, const float* bias,
                     float* c)>
      run;
};

std::vector<Technique> techniques() {
  std::vector<Technique> all;
  all.push_back({"gemm", {64, 64, 32, 0}, [](const auto& p, auto* a, auto* b, auto* bias, auto* c) {
                   const Guarded<float> workspace(kernels::gemm_workspace(p.m, p.n, p.k));
                   kernels::gemm(a, b, bias, c, workspace.data(), p.m, p.n, p.k, p.transpose_a,
                                 p.transpose_b, p.alpha, p.beta, p.activation, p.kSlope,
                                 current_stream());
                 }});
  using kernels::GemmTile;
  for (const auto& [name, tile] :
       {std::pair{"large", GemmTile::large}, std::pair{"medium", GemmTile::medium},
        std::pair{"tall", GemmTile::tall}, std::pair{"wide", GemmTile::wide}}) {
    const kernels::GemmTileShape shape = kernels::shape_of(tile);
    all.push_back({std::string("register_tiled_") + name, shape,
                   [tile](const auto& p, auto* a, auto* b, auto* bias, auto* c) {
                     kernels::gemm_register_tiled(a, b, bias, c, p.m, p.n, p.k, p.transpose_a,
                                                  p.transpose_b, p.alpha, p.beta, p.activation,
                                                  p.kSlope, tile, current_stream());
                   }});
    all.push_back({std::string("split_k_") + name, shape,
                   [tile, shape](const auto& p, auto* a, auto* b, auto* bias, auto* c) {
                     const std::int64_t depth = (p.k / (3 * shape.k) + 1) * shape.k;
                     const Guarded<float> workspace((p.k + depth - 1) / depth * p.m * p.n);
                     kernels::gemm_split_k(a, b, bias, c, workspace.data(), p.m, p.n, p.k, depth,
                                           p.transpose_a, p.transpose_b, p.alpha, p.beta,
                                           p.activation, p.kSlope, tile, current_stream());
                   }});
  }
  return all;
}

/// `misalign` shifts every operand by so many floats from a 16-byte boundary.
std::vector<float> run_kernel(const Technique& technique, const GemmCase<float>& p,
                              std::int64_t misalign = 0) {
  const Guarded<float> a(p.a, Device::gpu, misalign), b(p.b, Device::gpu, misalign);
  const Guarded<float> bias(p.bias, Device::gpu, misalign), c(p.c, Device::gpu, misalign);
  technique.run(p, a.data(), b.data(), p.bias_data(bias.data()), c.data());
  return c.download();
}

void expect_kernel_agrees(const Technique& technique, const GemmCase<float>& p,
                          std::int64_t misalign) {
  const std::vector<float> c = run_kernel(technique, p, misalign);
  const std::string what = technique.name + " " + p.describe();
  if (p.is_integer)
    expect_equal(c, run_twin(p), what, p.content());
  else  // both err by as much as the twin may
    note_worst(technique.name, expect_sum_close(c, run_twin(p), p.magnitude, 2 * p.error_constant(),
                                                what, p.content()));
}

class GemmKernel : public ::testing::TestWithParam<Technique> {
 protected:
  void SetUp() override {
    if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};
INSTANTIATE_TEST_SUITE_P(Techniques, GemmKernel, ::testing::ValuesIn(techniques()),
                         [](const auto& technique) { return technique.param.name; });

TEST_P(GemmKernel, AgreesWithTheTwinOnEdgeSizes) {
  const Technique& technique = GetParam();
  const kernels::GemmTileShape tile = technique.tile;
  std::vector<std::array<std::int64_t, 3>> shapes;
  for (const std::int64_t m : edge_sizes(tile.m)) shapes.push_back({m, 20, 41});
  for (const std::int64_t n : edge_sizes(tile.n)) shapes.push_back({36, n, 41});
  for (const std::int64_t k : edge_sizes(tile.k)) shapes.push_back({36, 20, k});
  for (std::uint64_t i = 0; i < 4 * shapes.size() && !HasFailure(); ++i) {
    Rng rng(i);
    GemmCase<float> p;
    p.m = shapes[i / 4][0], p.n = shapes[i / 4][1], p.k = shapes[i / 4][2];
    p.transpose_a = i % 2 == 1, p.transpose_b = i % 4 >= 2;
    p.beta = i % 3 == 0 ? 1.0f : 0.0f;
    p.is_integer = rng.chance(0.5);
    fill(p, rng, rng.chance(0.5));
    expect_kernel_agrees(technique, p, 0);
    count_shapes(technique.name);
  }
}

TEST_P(GemmKernel, AgreesWithTheTwinOnRandomShapes) {
  const Technique& technique = GetParam();
  for_each_seed(technique.name, [&](Rng& rng) {
    const auto size = [&](std::int64_t largest) {  // every other one allows 16-byte access
      const std::int64_t x = rng.size(largest);
      return rng.chance(0.5) ? x / 4 * 4 : x;
    };
    const std::int64_t m = size(2 * technique.tile.m + 9), n = size(2 * technique.tile.n + 9);
    const auto p = random_case<float>(rng, m, n, size(7 * technique.tile.k + 9));
    expect_kernel_agrees(technique, p, rng.chance(0.25) ? rng.integer(1, 3) : 0);
  });
}

TEST_P(GemmKernel, HasTheSameBitsUnderEverySchedule) {
  const Technique& technique = GetParam();
  for (const std::uint64_t seed : {1, 2}) {
    Rng rng(seed);
    const auto p = random_case<float>(rng, technique.tile.m + 5, 2 * technique.tile.n + 4,
                                      4 * technique.tile.k + 3);
    expect_same_bits(
        20, [&] { return run_kernel(technique, p); }, technique.name + " " + p.describe());
  }
}

TEST(Gemm, AgreesWithTheTwinOnTheShapesOfTraining) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Technique technique = techniques().front();
  Rng rng(1);
  for (const auto& [m, n, k, transpose_a, transpose_b] : {std::tuple{100, 10, 784, false, true},
                                                          {10, 784, 100, true, false},
                                                          {784, 10, 100, true, false},
                                                          {100, 784, 10, false, false},
                                                          {1000, 10, 784, false, true},
                                                          {300, 200, 300, false, true}}) {
    GemmCase<float> p;
    p.m = m, p.n = n, p.k = k, p.transpose_a = transpose_a, p.transpose_b = transpose_b;
    fill(p, rng, true);
    expect_kernel_agrees(technique, p, 0);
  }
}

TEST(Gemm, CutsTheLongSumsOfSkinnyProducts) {
  for (const auto& [m, n, k] : {std::tuple{100, 10, 784}, {10, 784, 100}, {10000, 10, 784}}) {
    const kernels::GemmPlan plan = kernels::plan_gemm(m, n, k);
    EXPECT_EQ(plan.tile, n == 10 ? kernels::GemmTile::tall : kernels::GemmTile::wide);
    EXPECT_LT(plan.depth, k);
    EXPECT_EQ(plan.depth % kernels::shape_of(plan.tile).k, 0);
    EXPECT_EQ(kernels::gemm_workspace(m, n, k), (k + plan.depth - 1) / plan.depth * m * n);
  }
  EXPECT_EQ(kernels::plan_gemm(4096, 4096, 4096).tile, kernels::GemmTile::large);
  EXPECT_EQ(kernels::gemm_workspace(4096, 4096, 4096), 0);
  EXPECT_EQ(kernels::gemm_workspace(0, 10, 784), 0);
  EXPECT_EQ(kernels::gemm_workspace(100, 10, 0), 0);
}

}  // namespace
}  // namespace weft::test
