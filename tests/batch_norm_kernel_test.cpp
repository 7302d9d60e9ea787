#include <gtest/gtest.h>

#include <cmath>

#include "kernels/batch_norm/batch_norm.h"
#include "tests/batch_norm_case.h"
#include "tests/batch_norm_oracle.h"
#include "tests/support/gpu_test.h"
#include "tests/support/schedules.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::BatchNormArrays;
using test::BatchNormCase;
using test::Guarded;
using test::Rng;

using Arrays = BatchNormArrays<float>;
using Case = BatchNormCase<float>;

enum class Scheme { slices, strips };
constexpr Scheme kSchemes[] = {Scheme::slices, Scheme::strips};

test::BatchNormNames names_of(Scheme scheme, bool training) {
  if (scheme == Scheme::slices)
    return {training ? "batch_norm_slice_kernel" : "batch_norm_apply_strip_kernel",
            "batch_norm_backward_slice_kernel"};
  return {training ? "batch_norm_moments_strip_kernel" : "batch_norm_apply_strip_kernel",
          "batch_norm_sums_strip_kernel"};
}

constexpr std::size_t kNoShared = 0;  // with which the workspace is that of strips

/// A workspace of just the floats that are asked for; a null pointer chooses slices.
class Workspace {
 public:
  Workspace(Scheme scheme, std::int64_t floats)
      : is_null_(scheme == Scheme::slices), floats_(is_null_ ? 0 : floats) {}
  float* data() const { return is_null_ ? nullptr : floats_.data(); }

 private:
  bool is_null_;
  Guarded<float> floats_;
};

void run_forward(const Arrays& arrays, Scheme scheme) {
  const auto p = arrays.forward<kernels::BatchNormForward>();
  if (!arrays.p.training) return kernels::batch_norm_evaluate(p, current_stream());
  const Workspace workspace(scheme, kernels::batch_norm_workspace(p.rows, p.c, kNoShared));
  kernels::batch_norm(p, workspace.data(), current_stream());
}

void run_backward(const Arrays& arrays, Scheme scheme) {
  const auto p = arrays.backward<kernels::BatchNormBackward>();
  const Workspace workspace(scheme, kernels::batch_norm_backward_workspace(p.rows, p.c, kNoShared));
  kernels::batch_norm_backward(p, workspace.data(), current_stream());
}

void expect_right(const Case& p, Scheme scheme, std::int64_t misalign = 0) {
  test::expect_batch_norm(
      p, Device::gpu, misalign, names_of(scheme, p.training),
      [=](const Arrays& a) { run_forward(a, scheme); },
      [=](const Arrays& a) { run_backward(a, scheme); });
}

class BatchNormKernel : public test::GpuTest {};

TEST_F(BatchNormKernel, AgreesWithTheOracleOnSeededShapes) {
  for (const Scheme scheme : kSchemes)
    test::for_each_seed(scheme == Scheme::slices ? "slice seeds" : "strip seeds", [=](Rng& rng) {
      const std::int64_t c = rng.size(rng.chance(0.1) ? 600 : 40), rows = rng.size(150, 2);
      const std::int64_t misalign = rng.integer(0, 3);
      expect_right(test::batch_norm_case<float>(rng, rows, c, 1, 2), scheme, misalign);
    });
}

TEST_F(BatchNormKernel, EvaluationAgreesWithTheOracleOnSeededShapes) {
  test::for_each_seed("evaluation seeds", [](Rng& rng) {
    Case p = test::batch_norm_case<float>(rng, rng.size(150), rng.size(40));
    p.training = false;
    p.running_mean = rng.normal(p.c), p.running_variance = rng.normal(p.c, 3, 0.5);
    expect_right(p, kSchemes[rng.integer(0, 1)], rng.integer(0, 3));
  });
}

TEST_F(BatchNormKernel, EveryNumberOfChannels) {
  Rng rng(1);
  for (std::int64_t c = 1; c <= 40; ++c)
    for (const std::int64_t rows : {2, 3, 35})
      for (const Scheme scheme : kSchemes)
        expect_right(test::batch_norm_case<float>(rng, rows, c), scheme, c % 2);
  for (const std::int64_t c : {127, 128, 129, 132, 251, 1024, 1031})
    for (const Scheme scheme : kSchemes)
      expect_right(test::batch_norm_case<float>(rng, 6, c), scheme);
}

// The small block of a slice takes 256 rows. A chunk of strips takes 256 rows of 32 channels forward and 128
// backward, 8,192 and 4,096 of one channel.
TEST_F(BatchNormKernel, RowsOnBothSidesOfEveryLimit) {
  Rng rng(2);
  for (const std::int64_t rows : {31, 32, 33, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1030})
    for (const std::int64_t c : {3, 32})
      for (const Scheme scheme : kSchemes)
        expect_right(test::batch_norm_case<float>(rng, rows, c), scheme, rows % 2);
  for (const std::int64_t rows : {4097, 8191, 8192, 8193, 8195, 20001})  // chunks of one channel
    expect_right(test::batch_norm_case<float>(rng, rows, 1), Scheme::strips);
}

TEST_F(BatchNormKernel, SharedMemoryDecidesWhichScheme) {
  constexpr std::size_t kKiB = 1024;
  for (const std::size_t shared : {64 * kKiB, 99 * kKiB, 227 * kKiB}) {
    // Eight floats a row forward, sixteen backward, and 9 KiB for the reductions.
    const auto forward = static_cast<std::int64_t>((shared - 9 * kKiB) / 32);
    const std::int64_t backward = forward / 2;
    EXPECT_EQ(kernels::batch_norm_workspace(forward, 10, shared), 0);
    EXPECT_GT(kernels::batch_norm_workspace(forward + 1, 10, shared), 0);
    EXPECT_EQ(kernels::batch_norm_backward_workspace(backward, 10, shared), 0);
    EXPECT_GT(kernels::batch_norm_backward_workspace(backward + 1, 10, shared), 0);
  }
  EXPECT_EQ(kernels::batch_norm_workspace(6400, 32, 227 * kKiB), 0);  // 100 images of 8 x 8
  EXPECT_GT(kernels::batch_norm_workspace(2, 10, kKiB), 0);
}

TEST_F(BatchNormKernel, TheTallestSlices) {
  Rng rng(3);
  Case p = test::batch_norm_case<float>(rng, 6976, 9);
  const Arrays forward(p, Device::gpu);
  run_forward(forward, Scheme::slices);
  const auto e = test::batch_norm_oracle(p);
  test::expect_bounded(forward.y, e.y, p.error_constant(), "y");
  expect_right(test::batch_norm_case<float>(rng, 3488, 9), Scheme::slices);
}

TEST_F(BatchNormKernel, ExactWhereTheNumbersAre) {
  for (const Scheme scheme : kSchemes)
    for (const std::int64_t c :
         {4, 8, 32}) {  // lanes and rows are powers of two, so are all counts
      Case p;
      p.rows = 512, p.c = c, p.epsilon = 0;
      for (std::int64_t i = 0; i < p.rows * c; ++i) {
        const std::int64_t row = i / c, channel = i % c;
        const float deviation = channel % 2 == 0 ? 1.0f : 4.0f;
        p.x.push_back(static_cast<float>(1000 * channel) +
                      (row * 7 % 2 == 0 ? deviation : -deviation));
        p.y.push_back(row * 7 % 2 == 0 ? 1.0f : -1.0f);
      }
      const Arrays arrays(p, Device::gpu);
      run_forward(arrays, scheme);
      test::expect_equal(arrays.y.download(), p.y, p.describe());
    }
}

TEST_F(BatchNormKernel, LargeMeansAndOutliers) {
  Rng rng(4);
  for (const Scheme scheme : kSchemes) {
    for (const double mean : {1e3, 1e4, -1e5})
      for (const std::int64_t rows : {2, 100, 700})
        expect_right(test::batch_norm_case<float>(rng, rows, 6, mean, 1), scheme);
    for (const std::int64_t row : {0, 1, 150, 699}) {
      Case p = test::batch_norm_case<float>(rng, 700, 6);
      for (std::int64_t k = 0; k < 6; ++k) p.x[static_cast<std::size_t>(row * 6 + k)] = 1e6f;
      expect_right(p, scheme);
    }
  }
}

TEST_F(BatchNormKernel, SameBitsForAnyAlignmentAndSchedule) {
  Rng rng(5);
  for (const Scheme scheme : kSchemes)
    for (const auto& [rows, c] : {std::pair<std::int64_t, std::int64_t>{300, 3}, {90, 40}}) {
      Case p = test::batch_norm_case<float>(rng, rows, c);
      p.mean = rng.normal(c), p.rstd = rng.normal(c), p.y = rng.normal(rows * c);
      const auto compute = [&](std::int64_t misalign) {
        std::vector<float> all;
        const Arrays forward(p, Device::gpu, misalign), backward(p, Device::gpu, misalign);
        run_forward(forward, scheme);
        run_backward(backward, scheme);
        for (const Guarded<float>* part :
             {&forward.y, &forward.mean, &forward.rstd, &forward.running_mean,
              &forward.running_variance, &backward.dx, &backward.dweight, &backward.dbias}) {
          const auto values = part->download();
          all.insert(all.end(), values.begin(), values.end());
        }
        return all;
      };
      test::expect_same_bits(compute(1), compute(0), "misaligned");
      test::expect_same_bits(
          20, [&] { return compute(0); }, p.describe());
    }
}

}  // namespace
}  // namespace weft
