#pragma once

// Experiments that find the fragment layouts of ldmatrix, stmatrix and mma.sync on Device::gpu.

#include <bit>
#include <string>
#include <vector>

#include "kernels/primitives/mma.cuh"
#include "tests/support/fragment_layouts.h"
#include "tests/support/guarded.h"
#include "weft/device.h"
#include "weft/half.h"

namespace weft::test {

using Layouts = std::vector<FragmentLayout>;

constexpr StreamView kStream;
constexpr int kRows = 32, kColumns = 8, kD = ProductProbe::kDSlots;
constexpr std::uint16_t kUntouched = 0xFFFF;

// Row r of matrix m is row 8m + r of shared memory, each element its own index.
template <int Matrices, bool Transposed>
__global__ void ldmatrix_kernel(std::uint32_t* out) {
  WEFT_SHARED(std::uint16_t, tile, [kRows][kColumns]);
  const int lane = static_cast<int>(threadIdx.x);
  for (int i = 0; i < kColumns; ++i)
    tile[lane][i] = static_cast<std::uint16_t>(kColumns * lane + i);
  __syncwarp();
  std::uint32_t registers[Matrices];
  kernels::ldmatrix<Matrices, Transposed>(registers, tile[lane]);
  for (int m = 0; m < Matrices; ++m) out[lane * Matrices + m] = registers[m];
}

// The other way: each half of a register is the number of its slot.
template <int Matrices, bool Transposed>
__global__ void stmatrix_kernel(std::uint16_t* out) {
  WEFT_SHARED(std::uint16_t, tile, [kRows][kColumns]);
  const int lane = static_cast<int>(threadIdx.x);
  for (int i = 0; i < kColumns; ++i) tile[lane][i] = kUntouched;
  __syncwarp();
  std::uint32_t registers[Matrices];
  for (int m = 0; m < Matrices; ++m) {
    const auto slot = static_cast<std::uint32_t>(2 * (lane * Matrices + m));
    registers[m] = slot | (slot + 1) << 16;
  }
  kernels::stmatrix<Matrices, Transposed>(tile[lane], registers);
  __syncwarp();
  for (int i = 0; i < kColumns; ++i) out[kColumns * lane + i] = tile[lane][i];
}

struct Bf16 {
  static constexpr const char* kName = "mma.m16n8k16.bf16";
  static constexpr int kHalves = 2;
  static std::uint32_t bits(float x) { return std::bit_cast<std::uint16_t>(bfloat16(x)); }
  static __device__ __forceinline__ void mma(float (&c)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
    kernels::mma_bf16(c, a, b);
  }
};
struct F16 {
  static constexpr const char* kName = "mma.m16n8k16.f16";
  static constexpr int kHalves = 2;
  static std::uint32_t bits(float x) { return std::bit_cast<std::uint16_t>(float16(x)); }
  static __device__ __forceinline__ void mma(float (&c)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
    kernels::mma_f16(c, a, b);
  }
};
struct Tf32 {
  static constexpr const char* kName = "mma.m16n8k8.tf32";
  static constexpr int kHalves = 1;
  static std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
  static __device__ __forceinline__ void mma(float (&c)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
    kernels::mma_tf32(c, a, b);
  }
};

// A fragment whose slot `slot` is the number with the bits `one`, the others 0.
template <class Kind, int Registers>
__device__ __forceinline__ void set_alone(std::uint32_t (&registers)[Registers], int lane, int slot,
                                          std::uint32_t one) {
  for (int r = 0; r < Registers; ++r) {
    const int half = slot - (lane * Registers + r) * Kind::kHalves;
    registers[r] = half == 0 ? one : half == 1 && Kind::kHalves == 2 ? one << 16 : 0;
  }
}

// ProductProbe, by one warp. a_numbers [32][4] and b_numbers [32][2]: fragments whose slot i is i + 1.
template <class Kind>
__global__ void product_kernel(const std::uint32_t* a_numbers, const std::uint32_t* b_numbers,
                               std::uint32_t one, float* a_alone, float* b_alone, float* c_alone) {
  const int lane = static_cast<int>(threadIdx.x);
  std::uint32_t a[4], b[2];
  for (int r = 0; r < 2; ++r) b[r] = b_numbers[2 * lane + r];
  for (int slot = 0; slot < 32 * 4 * Kind::kHalves; ++slot) {
    float c[4] = {};
    set_alone<Kind>(a, lane, slot, one);
    Kind::mma(c, a, b);
    for (int r = 0; r < 4; ++r) a_alone[slot * kD + 4 * lane + r] = c[r];
  }
  for (int r = 0; r < 4; ++r) a[r] = a_numbers[4 * lane + r];
  for (int slot = 0; slot < 32 * 2 * Kind::kHalves; ++slot) {
    float c[4] = {};
    set_alone<Kind>(b, lane, slot, one);
    Kind::mma(c, a, b);
    for (int r = 0; r < 4; ++r) b_alone[slot * kD + 4 * lane + r] = c[r];
  }
  const std::uint32_t no_a[4] = {}, no_b[2] = {};
  float c[4];
  for (int r = 0; r < 4; ++r) c[r] = static_cast<float>(4 * lane + r + 1);
  Kind::mma(c, no_a, no_b);
  for (int r = 0; r < 4; ++r) c_alone[4 * lane + r] = c[r];
}

inline std::string name_of_move(const char* instruction, int matrices, bool transposed) {
  return std::string(instruction) + ".m8n8.x" + std::to_string(matrices) +
         (transposed ? ".trans" : "");
}

inline ElementPlace place_in_shared_memory(int index) {
  return {index / kColumns % 8, index % kColumns, index / kColumns / 8};
}

template <int Matrices, bool Transposed>
FragmentLayout probe_ldmatrix() {
  Guarded<std::uint32_t> out(32 * Matrices);
  launch(ldmatrix_kernel<Matrices, Transposed>, {.block = 32}, kStream, out.data());
  FragmentLayout layout{name_of_move("ldmatrix", Matrices, Transposed), Matrices, 2};
  for (const std::uint32_t both : out.download())
    for (const std::uint32_t half : {both & 0xFFFFu, both >> 16})
      layout.places.push_back(place_in_shared_memory(static_cast<int>(half)));
  return layout;
}

template <int Matrices, bool Transposed>
FragmentLayout probe_stmatrix() {
  Guarded<std::uint16_t> out(kRows * kColumns);
  launch(stmatrix_kernel<Matrices, Transposed>, {.block = 32}, kStream, out.data());
  FragmentLayout layout{name_of_move("stmatrix", Matrices, Transposed), Matrices, 2};
  layout.places.resize(static_cast<std::size_t>(layout.slots()));
  const std::vector<std::uint16_t> elements = out.download();
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (elements[i] < layout.places.size())
      layout.places[elements[i]] = place_in_shared_memory(static_cast<int>(i));
  return layout;
}

template <class Kind>
void add_product(Layouts& layouts) {
  const auto numbers = [](int registers) {
    std::vector<std::uint32_t> made;
    for (int i = 0; i < 32 * registers; ++i) {
      const auto number = [&](int half) {
        return Kind::bits(static_cast<float>(i * Kind::kHalves + half + 1));
      };
      made.push_back(Kind::kHalves == 1 ? number(0) : number(0) | number(1) << 16);
    }
    return made;
  };
  Guarded<std::uint32_t> a(numbers(4)), b(numbers(2));
  Guarded<float> a_alone(32 * 4 * Kind::kHalves * kD), b_alone(32 * 2 * Kind::kHalves * kD);
  Guarded<float> c_alone(kD);
  launch(product_kernel<Kind>, {.block = 32}, kStream, a.data(), b.data(), Kind::bits(1),
         a_alone.data(), b_alone.data(), c_alone.data());
  for (FragmentLayout& layout :
       layouts_of_product(Kind::kName, Kind::kHalves,
                          {a_alone.download(), b_alone.download(), c_alone.download()}))
    layouts.push_back(std::move(layout));
}

/// Of all instructions that the device has: ldmatrix from 7.5 on, the products from 8.0, stmatrix from 9.0.
inline Layouts probe_device() {
  const int capability = gpu_properties().compute_capability;
  Layouts all{probe_ldmatrix<1, false>(), probe_ldmatrix<2, false>(), probe_ldmatrix<4, false>(),
              probe_ldmatrix<1, true>(),  probe_ldmatrix<2, true>(),  probe_ldmatrix<4, true>()};
  if (capability >= 90)
    all.insert(all.end(),
               {probe_stmatrix<1, false>(), probe_stmatrix<2, false>(), probe_stmatrix<4, false>(),
                probe_stmatrix<1, true>(), probe_stmatrix<2, true>(), probe_stmatrix<4, true>()});
  if (capability >= 80) {
    add_product<Bf16>(all);
    add_product<F16>(all);
    add_product<Tf32>(all);
  }
  return all;
}

}  // namespace weft::test
