// Bugs of warp operations, of asynchronous copies and of launches.

#include "kernels/primitives/async_copy.cuh"
#include "kernels/primitives/mma.cuh"
#include "tests/planted_bugs/planted_bug.h"
#include "weft/simt.h"

namespace weft::test {
namespace {

using kernels::async_copy;
using kernels::async_copy_commit;
using kernels::async_copy_wait;

constexpr unsigned kWarp = 32;
constexpr unsigned kWholeWarp = 0xffffffffu;

template <bool kBug>
__global__ void warp_exchange_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kWarp]);
  tile[threadIdx.x] = x[threadIdx.x];
  if (!kBug) __syncwarp();
  y[threadIdx.x] = tile[threadIdx.x ^ 1];  // BUG: no __syncwarp between lanes
}

template <bool kBug>
__global__ void own_mask_kernel(const float* x, float* y) {
  float value = x[threadIdx.x];
  const unsigned mask = kBug ? 0x0000ffffu : kWholeWarp;
  value += __shfl_xor_sync(mask, value, 1);  // BUG: a lane outside its own mask
  y[threadIdx.x] = value;
}

template <bool kBug>
__global__ void half_warp_kernel(const float* x, float* y) {
  if (threadIdx.x >= 16) return;
  const int source = static_cast<int>(threadIdx.x) ^ (kBug ? 16 : 1);
  y[threadIdx.x] = __shfl_sync(0x0000ffffu, x[threadIdx.x], source);  // BUG: from an absent lane
}

template <bool kBug>
__global__ void two_masks_kernel(const float* x, float* y) {
  const unsigned mask = kBug && threadIdx.x % 2 == 0 ? kWholeWarp : kWholeWarp >> kBug;
  if (kBug && threadIdx.x == 31) return;
  y[threadIdx.x] = __shfl_xor_sync(mask, x[threadIdx.x], 1);  // BUG: lanes name different masks
}

template <bool kBug>
__global__ void warp_total_kernel(const float* x, float* y) {
  float value = x[threadIdx.x];
  for (int distance = kBug ? 8 : 16; distance > 0; distance /= 2)
    value += __shfl_xor_sync(kWholeWarp, value, distance);  // BUG: a round is missing
  y[threadIdx.x] = value;
}

/// Doubles rows of a warp's width, the next row on its way while one is worked on.
template <bool kBug>
__global__ void pipeline_kernel(const float* x, float* y, int rows) {
  WEFT_SHARED(float, stage, [2][kWarp]);
  async_copy<4>(&stage[0][threadIdx.x], x + threadIdx.x);
  async_copy_commit();
  for (int row = 0; row < rows; ++row) {
    if (row + 1 < rows)
      async_copy<4>(&stage[(row + 1) % 2][threadIdx.x], x + (row + 1) * 32 + threadIdx.x);
    async_copy_commit();
    async_copy_wait<kBug ? 2 : 1>();
    __syncthreads();
    const float value = stage[row % 2][kWarp - 1 - threadIdx.x];  // BUG: wait_group one too many
    y[row * 32 + static_cast<int>(threadIdx.x)] = 2.0f * value;
    __syncthreads();
  }
  async_copy_wait<0>();
}

template <bool kBug>
__global__ void unwaited_kernel(const float* x, float* y) {
  WEFT_SHARED(float, stage, [kWarp]);
  async_copy<4>(&stage[threadIdx.x], x + threadIdx.x);  // BUG: a copy nobody waits for
  async_copy_commit();
  if (!kBug) async_copy_wait<0>();
  y[threadIdx.x] = x[threadIdx.x];
}

template <bool kBug>
__global__ void misaligned_copy_kernel(const float* x, float* y) {
  WEFT_SHARED(float, stage, [kWarp + 4]);
  if (threadIdx.x < kWarp / 4)
    async_copy<16>(&stage[4 * threadIdx.x + kBug], x + 4 * threadIdx.x);  // BUG: misaligned copy
  async_copy_commit();
  async_copy_wait<0>();
  __syncthreads();
  y[threadIdx.x] = stage[threadIdx.x];
}

/// A copy of a copy's barrier: the waits are there, the other threads' copies are not.
template <bool kBug>
__global__ void shown_to_nobody_kernel(const float* x, float* y) {
  WEFT_SHARED(float, stage, [kWarp]);
  async_copy<4>(&stage[threadIdx.x], x + threadIdx.x);
  async_copy_commit();
  async_copy_wait<0>();
  if (!kBug) __syncthreads();
  y[threadIdx.x] = stage[kWarp - 1 - threadIdx.x];  // BUG: no barrier after the wait
}

/// Transposes 8x4 through a swizzled tile: element (row, column) at column ^ row's lower bits.
template <bool kBug>
__global__ void swizzle_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [8][4]);
  const unsigned row = threadIdx.x / 4, column = threadIdx.x % 4;
  tile[row][column ^ (row & 3)] = x[threadIdx.x];
  __syncthreads();
  const unsigned to_row = threadIdx.x / 8, to_column = threadIdx.x % 8;
  y[threadIdx.x] = tile[to_column][to_row ^ (to_column & (kBug ? 1 : 3))];  // BUG: wrong swizzle
}

/// y = a times the identity, a [16][8].
template <bool kBug>
__global__ void product_kernel(const float* a, float* y) {
  const int lane = static_cast<int>(threadIdx.x);
  std::uint32_t a_part[4], b_part[2];
  float y_part[4] = {};
  for (int i = 0; i < 4; ++i) {
    const int element =
        kBug && (i == 1 || i == 2) ? 3 - i : i;  // BUG: wrong lane layout fed to mma
    const kernels::FragmentPlace at = kernels::mma_a_tf32_place(lane, element);
    a_part[i] = kernels::to_tf32(a[8 * at.row + at.column]);
  }
  for (int i = 0; i < 2; ++i) {
    const kernels::FragmentPlace at = kernels::mma_b_tf32_place(lane, i);
    b_part[i] = kernels::to_tf32(at.row == at.column ? 1.0f : 0.0f);
  }
  kernels::mma_tf32(y_part, a_part, b_part);
  for (int i = 0; i < 4; ++i) {
    const kernels::FragmentPlace at = kernels::mma_c_place(lane, i);
    y[8 * at.row + at.column] = y_part[i];
  }
}

template <bool kBug>
__global__ void shared_limit_kernel(const float* x, float* y) {
  WEFT_DYNAMIC_SHARED(float, row);
  row[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = row[threadIdx.x];
}

using RowKernel = void (*)(const float*, float*);

bool run_row(RowKernel kernel, const Floats& expected, std::size_t shared_bytes = 0) {
  const Tensor x = on_device(counting(kWarp)), y = blank(static_cast<int>(expected.size()));
  launch(kernel, {.block = kWarp, .shared_bytes = shared_bytes}, kNoStream, x.data<float>(),
         y.data<float>());
  return holds(y, expected);
}

Floats map(int size, int (*f)(int)) {
  Floats values;
  for (int i = 0; i < size; ++i) values.push_back(static_cast<float>(f(i)));
  return values;
}

bool run_product(bool planted) {
  const Tensor a = on_device(counting(128)), y = blank(128);
  launch(planted ? product_kernel<true> : product_kernel<false>, {.block = kWarp}, kNoStream,
         a.data<float>(), y.data<float>());
  return holds(y, counting(128));
}

bool run_pipeline(bool planted) {
  constexpr int kRows = 2;
  const Tensor x = on_device(counting(kRows * 32)), y = blank(kRows * 32);
  launch(planted ? pipeline_kernel<true> : pipeline_kernel<false>, {.block = kWarp}, kNoStream,
         x.data<float>(), y.data<float>(), kRows);
  return holds(y, map(kRows * 32, [](int i) { return 2 * (i / 32 * 32 + 31 - i % 32); }));
}

}  // namespace

std::vector<PlantedBug> warp_and_copy_bugs() {
  constexpr const char* kFile = "warp_and_copy.cpp";
  constexpr Verdict kUnwaited = reports("without waiting for its cp.async");
  constexpr Verdict kMask = reports("is not in its own mask");
  constexpr Verdict kMisaligned = reports("misaligned shared address");
  constexpr Verdict kLimit = reports("dynamic shared memory");
  constexpr Verdict kOtherMask = reports("__shfl_xor_sync");
  return {
      {"no __syncwarp between lanes", kFile, kWrong, kWrong, reports("uninitialised"),
       [](bool planted) {
         return run_row(planted ? warp_exchange_kernel<true> : warp_exchange_kernel<false>,
                        map(32, [](int i) { return i ^ 1; }));
       }},
      {"a lane outside its own mask", kFile, kMask, kMask, kMask,
       [](bool planted) {
         return run_row(planted ? own_mask_kernel<true> : own_mask_kernel<false>,
                        map(32, [](int i) { return i + (i ^ 1); }));
       }},
      {"from an absent lane", kFile, kWrong, kWrong, kWrong,
       [](bool planted) {
         return run_row(planted ? half_warp_kernel<true> : half_warp_kernel<false>,
                        map(16, [](int i) { return i ^ 1; }));
       }},
      {"lanes name different masks", kFile, kOtherMask, kOtherMask, kOtherMask,
       [](bool planted) {
         return run_row(planted ? two_masks_kernel<true> : two_masks_kernel<false>,
                        map(32, [](int i) { return i ^ 1; }));
       }},
      {"a round is missing", kFile, kWrong, kWrong, kWrong,
       [](bool planted) {
         return run_row(planted ? warp_total_kernel<true> : warp_total_kernel<false>,
                        Floats(32, 496.0f));
       }},
      {"wait_group one too many", kFile, kWrong, reports("AddressSanitizer"), reports("race"),
       run_pipeline},
      {"a copy nobody waits for", kFile, kUnwaited, kUnwaited, kUnwaited,
       [](bool planted) {
         return run_row(planted ? unwaited_kernel<true> : unwaited_kernel<false>, counting(32));
       }},
      {"misaligned copy", kFile, kMisaligned, kMisaligned, kMisaligned,
       [](bool planted) {
         return run_row(planted ? misaligned_copy_kernel<true> : misaligned_copy_kernel<false>,
                        counting(32));
       }},
      {"no barrier after the wait", kFile, kWrong, kWrong, reports("uninitialised"),
       [](bool planted) {
         return run_row(planted ? shown_to_nobody_kernel<true> : shown_to_nobody_kernel<false>,
                        map(32, [](int i) { return 31 - i; }));
       }},
      {"wrong swizzle", kFile, kWrong, kWrong, kWrong,
       [](bool planted) {
         return run_row(planted ? swizzle_kernel<true> : swizzle_kernel<false>,
                        map(32, [](int i) { return i % 8 * 4 + i / 8; }));
       }},
      {"wrong lane layout fed to mma", kFile, kWrong, kWrong, kWrong, run_product},
      {"more shared memory than the GPU has", kFile, kLimit, kLimit, kLimit,
       [](bool planted) {
         return run_row(shared_limit_kernel<false>, counting(32), planted ? 300 * 1024 : 4096);
       }},
  };
}

}  // namespace weft::test
