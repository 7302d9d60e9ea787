// Bugs of mbarriers, and of the bulk copies that report to them.

#include "kernels/primitives/mbarrier.cuh"

#include "tests/planted_bugs/planted_bug.h"
#include "weft/simt.h"

namespace weft::test {
namespace {

using kernels::bulk_copy;
using kernels::Mbarrier;
using kernels::mbarrier_arrive;
using kernels::mbarrier_arrive_expect_tx;
using kernels::mbarrier_fence_init;
using kernels::mbarrier_init;
using kernels::mbarrier_wait_parity;

constexpr unsigned kWarp = 32, kRowBytes = kWarp * sizeof(float);
constexpr unsigned kRows = 8;

/// A row. The wait at the end keeps the block there until the copy has landed.
template <bool kBug>
__global__ void unwaited_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kWarp]);
  WEFT_SHARED(Mbarrier, full, [1]);
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_fence_init();
    mbarrier_arrive_expect_tx(&full[0], kRowBytes);
    bulk_copy(tile, x, kRowBytes, &full[0]);
  }
  __syncthreads();
  if (!kBug) mbarrier_wait_parity(&full[0], 0);
  y[threadIdx.x] = tile[kWarp - 1 - threadIdx.x];  // BUG: a bulk copy read before the wait
  if (kBug) mbarrier_wait_parity(&full[0], 0);
}

/// Rows through one buffer: the first warp fetches, the second works. x, y [kRows][kWarp].
template <bool kBug>
__global__ void two_warps_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kWarp]);
  WEFT_SHARED(Mbarrier, full, [1]);
  WEFT_SHARED(Mbarrier, empty, [1]);
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_init(&empty[0], kWarp);
    mbarrier_fence_init();
  }
  __syncthreads();
  if (threadIdx.x == 0)
    for (unsigned row = 0; row < kRows; ++row) {
      mbarrier_wait_parity(&empty[0], (row + (kBug ? 0 : 1)) % 2);  // BUG: wrong mbarrier phase
      mbarrier_arrive_expect_tx(&full[0], kRowBytes);
      bulk_copy(tile, x + row * kWarp, kRowBytes, &full[0]);
    }
  if (threadIdx.x < kWarp) return;
  const unsigned lane = threadIdx.x - kWarp;
  for (unsigned row = 0; row < kRows; ++row) {
    mbarrier_wait_parity(&full[0], row % 2);
    y[row * kWarp + lane] = tile[kWarp - 1 - lane];
    mbarrier_arrive(&empty[0]);
  }
}

/// Two rows in one copy. x, y [2][kWarp].
template <bool kBug>
__global__ void expected_bytes_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [2][kWarp]);
  WEFT_SHARED(Mbarrier, full, [1]);
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_fence_init();
    mbarrier_arrive_expect_tx(&full[0], kBug ? kRowBytes : 2 * kRowBytes);
    bulk_copy(tile, x, 2 * kRowBytes, &full[0]);
  }
  __syncthreads();
  mbarrier_wait_parity(&full[0], 0);  // BUG: expect_tx of too few bytes
  for (unsigned row = 0; row < 2; ++row)
    y[row * kWarp + threadIdx.x] = tile[row][kWarp - 1 - threadIdx.x];
}

/// Rows through one buffer, which is filled again when all threads have arrived at `empty`.
template <bool kBug>
__global__ void one_buffer_kernel(const float* x, float* y) {  // both [kRows][kWarp]
  WEFT_SHARED(float, tile, [kWarp]);
  WEFT_SHARED(Mbarrier, full, [1]);
  WEFT_SHARED(Mbarrier, empty, [1]);
  const unsigned lane = threadIdx.x;
  const auto fill = [&](unsigned row) {
    mbarrier_arrive_expect_tx(&full[0], kRowBytes);
    bulk_copy(tile, x + row * kWarp, kRowBytes, &full[0]);
  };
  const auto release_buffer = [&](unsigned row) {
    mbarrier_arrive(&empty[0]);
    if (lane != 0 || row + 1 == kRows) return;
    mbarrier_wait_parity(&empty[0], row % 2);
    fill(row + 1);
  };
  if (lane == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_init(&empty[0], kWarp);
    mbarrier_fence_init();
    fill(0);
  }
  __syncthreads();
  for (unsigned row = 0; row < kRows; ++row) {
    mbarrier_wait_parity(&full[0], row % 2);
    if (kBug) release_buffer(row);
    y[row * kWarp + lane] = tile[kWarp - 1 - lane];  // BUG: a buffer is released too early
    if (!kBug) release_buffer(row);
  }
}

using RowsKernel = void (*)(const float*, float*);

bool run_rows(RowsKernel kernel, unsigned rows, unsigned threads = kWarp) {
  const int size = static_cast<int>(rows * kWarp);
  const Tensor x = on_device(counting(size)), y = blank(size);
  launch(kernel, {.block = threads}, kNoStream, x.data<float>(), y.data<float>());
  Floats expected;
  for (int i = 0; i < size; ++i) expected.push_back(static_cast<float>(i / 32 * 32 + 31 - i % 32));
  return holds(y, expected);
}

}  // namespace

std::vector<PlantedBug> mbarrier_bugs() {
  constexpr const char* kFile = "mbarrier.cpp";
  constexpr Verdict kPoison = reports("AddressSanitizer");
  constexpr Verdict kWrongPhase = reports("32 of 32 arrivals and 0 bytes are missing");
  constexpr Verdict kTooMany = reports("128 bytes have landed that none expected");
  return {
      {"a bulk copy read before the wait", kFile, kWrong, kPoison, reports("race"),
       [](bool planted) {
         return run_rows(planted ? unwaited_kernel<true> : unwaited_kernel<false>, 1);
       }},
      {"wrong mbarrier phase", kFile, kWrongPhase, kWrongPhase, kWrongPhase,
       [](bool planted) {
         return run_rows(planted ? two_warps_kernel<true> : two_warps_kernel<false>, kRows,
                         2 * kWarp);
       }},
      {"expect_tx of too few bytes", kFile, kTooMany, kTooMany, kTooMany,
       [](bool planted) {
         return run_rows(planted ? expected_bytes_kernel<true> : expected_bytes_kernel<false>, 2);
       }},
      {"a buffer is released too early", kFile, kWrong, kPoison, reports("race"),
       [](bool planted) {
         return run_rows(planted ? one_buffer_kernel<true> : one_buffer_kernel<false>, kRows);
       }},
  };
}

}  // namespace weft::test
