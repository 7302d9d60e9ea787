// Indices of threads and of elements. Runs on the executor and, in the cuda build, on a GPU.

#include "kernels/primitives/index.cuh"

#include <cstdint>
#include <limits>
#include <vector>

#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"
#include "weft/simt.h"

namespace weft {
namespace {

class Index : public test::GpuTest {};

constexpr StreamView kStream;
constexpr int kLargest = std::numeric_limits<int>::max();

__global__ void quotients_kernel(const int* dividends, int* quotients, int count,
                                 kernels::Divisor divisor) {
  const auto i = static_cast<int>(kernels::grid_thread());
  if (i < count) quotients[i] = divisor.quotient(dividends[i]);
}

/// Where a quotient changes: around the first and the last multiples of d, and somewhere between.
std::vector<int> dividends_for(int d, test::Rng& rng) {
  const int last = kLargest / d * d;
  std::vector<int> dividends = {0, 1, d - 1, d, last - 1, last, kLargest - 1, kLargest};
  for (int i = 0; i < 4; ++i) {
    const int multiple = static_cast<int>(rng.integer(1, kLargest / d)) * d;
    dividends.insert(dividends.end(), {multiple - 1, multiple});
  }
  return dividends;
}

void expect_exact(int d, test::Rng& rng) {
  const std::vector<int> dividends = dividends_for(d, rng);
  const test::Guarded<int> from(dividends), to(static_cast<std::int64_t>(dividends.size()));
  launch(quotients_kernel, {.grid = 1, .block = 32}, kStream, from.data(), to.data(),
         static_cast<int>(dividends.size()), kernels::Divisor(d));
  const std::vector<int> quotients = to.download();
  for (std::size_t i = 0; i < dividends.size(); ++i)
    EXPECT_EQ(quotients[i], dividends[i] / d) << dividends[i] << " / " << d;
}

TEST_F(Index, DivisorIsExactForSmallDivisors) {
  test::Rng rng(1);
  for (int d = 1; d <= 300; ++d) expect_exact(d, rng);
}

TEST_F(Index, DivisorIsExactForLargeDivisors) {
  test::Rng rng(2);
  for (int bit = 9; bit <= 30; ++bit)
    for (const int beside : {-1, 0, 1}) expect_exact((1 << bit) + beside, rng);
  for (const int d : {kLargest - 1, kLargest}) expect_exact(d, rng);
  for (int i = 0; i < 300; ++i) expect_exact(static_cast<int>(rng.integer(301, kLargest)), rng);
}

TEST_F(Index, DivisorOfAnEmptyArrayCountsAsOne) {
  const test::Guarded<int> from(std::vector<int>{7}), to(1);
  launch(quotients_kernel, {.grid = 1, .block = 32}, kStream, from.data(), to.data(), 1,
         kernels::Divisor(0));
  EXPECT_EQ(to.download(), std::vector<int>{7});
}

}  // namespace
}  // namespace weft
