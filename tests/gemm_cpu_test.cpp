// cpu::gemm against naive loops in higher precision.

#include <gtest/gtest.h>
#include <omp.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tests/gemm_case.h"
#include "tests/support/compare.h"
#include "tests/support/shapes.h"

namespace weft::test {
namespace {

template <class T>
void expect_right(const GemmCase<T>& p, const std::vector<T>& c, const std::string& name) {
  if (p.is_integer)
    expect_equal(c, p.expected, name + " " + p.describe(), p.content());
  else
    note_worst(name, expect_sum_close(c, p.expected, p.magnitude, p.error_constant(),
                                      name + " " + p.describe(), p.content()));
}

template <class T>
class CpuGemm : public ::testing::Test {};
using Floating = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CpuGemm, Floating);

TYPED_TEST(CpuGemm, AgreesWithNaiveLoops) {
  const std::string name = std::is_same_v<TypeParam, float> ? "cpu_gemm_float" : "cpu_gemm_double";
  for_each_seed(name, [&](Rng& rng) {
    const std::int64_t m = rng.size(150), n = rng.size(150), k = rng.size(300);
    const auto p = random_case<TypeParam>(rng, m, n, k);
    expect_right(p, run_twin(p), name);
  });
}

TYPED_TEST(CpuGemm, AgreesWithNaiveLoopsOnTheShapesOfTraining) {
  Rng rng(1);
  for (const auto& [m, n, k] :
       {std::tuple{100, 10, 784}, {10, 784, 100}, {100, 784, 10}, {2000, 10, 784}}) {
    const auto p = random_case<TypeParam>(rng, m, n, k);
    expect_right(p, run_twin(p), "cpu_gemm_training");
  }
}

TYPED_TEST(CpuGemm, HasTheSameBitsOnAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    const std::int64_t m = rng.size(700, 1), n = rng.size(80, 1), k = rng.size(500, 1);
    const auto p = rng.chance(0.5) ? random_case<TypeParam>(rng, m, n, k)
                                   : random_case<TypeParam>(rng, n, m, k);
    omp_set_num_threads(1);
    const auto first = run_twin(p);
    for (const int t : {2, 3, 5}) {
      omp_set_num_threads(t);
      expect_same_bits(run_twin(p), first, p.describe() + ", threads " + std::to_string(t));
    }
    omp_set_num_threads(threads);
  }
}

}  // namespace
}  // namespace weft::test
