#include <gtest/gtest.h>

#include <omp.h>

#include <cmath>

#include "src/cpu/batch_norm.h"
#include "tests/batch_norm_case.h"
#include "tests/batch_norm_oracle.h"

namespace weft {
namespace {

using test::BatchNormArrays;
using test::BatchNormCase;
using test::Rng;

template <class T>
void run_forward(const BatchNormArrays<T>& arrays) {
  const auto p = arrays.template forward<cpu::BatchNormForward<T>>();
  arrays.p.training ? cpu::batch_norm(p) : cpu::batch_norm_evaluate(p);
}

template <class T>
void run_backward(const BatchNormArrays<T>& arrays) {
  cpu::batch_norm_backward(arrays.template backward<cpu::BatchNormBackward<T>>());
}

template <class T>
void expect_right(const BatchNormCase<T>& p, const std::string& name = "cpu batch_norm") {
  test::expect_batch_norm(p, Device::cpu, 0, {name, name + " backward"}, run_forward<T>,
                          run_backward<T>);
}

/// A case of evaluation: with running values.
template <class T>
BatchNormCase<T> evaluation(Rng& rng, std::int64_t rows, std::int64_t c) {
  auto p = test::batch_norm_case<T>(rng, rows, c);
  p.training = false;
  p.running_mean = rng.normal<T>(c);
  p.running_variance = rng.normal<T>(c, 3, 0.5);
  return p;
}

TEST(BatchNormCpu, AgreesWithTheOracle) {
  test::for_each_seed("cpu batch_norm seeds", [](Rng& rng) {
    const std::int64_t rows = rng.size(300, 2), c = rng.size(40);
    expect_right(test::batch_norm_case<float>(rng, rows, c, rng.normal(1)[0], 2));
    expect_right(test::batch_norm_case<double>(rng, rows, c, 1, 2), "cpu batch_norm in double");
  });
}

TEST(BatchNormCpu, EvaluationAgreesWithTheOracle) {
  test::for_each_seed("cpu batch_norm_evaluate seeds", [](Rng& rng) {
    const std::int64_t rows = rng.size(100), c = rng.size(40);
    expect_right(evaluation<float>(rng, rows, c), "cpu batch_norm_evaluate");
    expect_right(evaluation<double>(rng, rows, c), "cpu batch_norm_evaluate in double");
  });
}

TEST(BatchNormCpu, ManyChunks) {
  Rng rng(1);
  for (const std::int64_t c : {1, 3, 16, 17, 300})  // 4,096 elements a chunk
    for (const std::int64_t chunk : {std::max<std::int64_t>(4096 / c, 16)})
      for (const std::int64_t rows : {chunk - 1, chunk, chunk + 1, 5 * chunk + 3})
        expect_right(test::batch_norm_case<float>(rng, rows, c));
}

TEST(BatchNormCpu, LargeMeansLoseNothing) {
  Rng rng(2);
  for (const double mean : {1e3, 1e4, -1e5})
    for (const std::int64_t rows : {2, 100, 3000}) {
      auto p = test::batch_norm_case<float>(rng, rows, 5, mean, 1);
      expect_right(p);
      if (rows == 2) continue;  // whose distance may be of any size
      p.relu = false, p.weight.clear(), p.bias.clear();
      const BatchNormArrays<float> arrays(p, Device::cpu);
      run_forward(arrays);
      double squares = 0;
      for (const float y : arrays.y.download()) squares += static_cast<double>(y) * y;
      // The mean errs by u |mean| at most, and y by as much; rstd by less.
      EXPECT_NEAR(squares / static_cast<double>(rows * 5), 1, 0x1p-22 * std::abs(mean) + 1e-4);
    }
}

TEST(BatchNormCpu, OutliersInAnyRow) {
  Rng rng(3);
  for (const std::int64_t row : {0, 1, 150, 999}) {
    auto p = test::batch_norm_case<float>(rng, 1000, 7);
    for (std::int64_t k = 0; k < 7; ++k) p.x[static_cast<std::size_t>(row * 7 + k)] = 1e6f;
    expect_right(p);
  }
}

TEST(BatchNormCpu, SameBitsForAnyNumberOfThreads) {
  Rng rng(4);
  auto p = test::batch_norm_case<float>(rng, 30000, 10);
  p.mean.assign(10, 0.1f), p.rstd.assign(10, 1.1f), p.y = p.x;
  const int threads = omp_get_max_threads();
  std::vector<float> y[2], dx[2], dweight[2], mean[2];
  for (const int i : {0, 1}) {
    omp_set_num_threads(i == 0 ? 1 : 3);
    const BatchNormArrays<float> backward(p, Device::cpu), forward(p, Device::cpu);
    run_backward(backward);
    run_forward(forward);
    y[i] = forward.y.download(), mean[i] = forward.mean.download();
    dx[i] = backward.dx.download(), dweight[i] = backward.dweight.download();
  }
  omp_set_num_threads(threads);
  test::expect_same_bits(y[1], y[0], "y");
  test::expect_same_bits(mean[1], mean[0], "mean");
  test::expect_same_bits(dx[1], dx[0], "dx");
  test::expect_same_bits(dweight[1], dweight[0], "dweight");
}

}  // namespace
}  // namespace weft
