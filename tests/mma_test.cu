// The matrix instructions against naive products. Runs on the executor and, in the cuda build, on a GPU.

#include "kernels/primitives/mma.cuh"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "weft/half.h"

namespace weft {
namespace {

class Mma : public test::GpuTest {};
using kernels::FragmentPlace;

constexpr StreamView kStream;
constexpr std::size_t kM = 16, kN = 8;
constexpr int kSeeds = 200;

// ldmatrix of the rows of `in` [8 * Matrices][8]; what each lane gets, [32][Matrices].
template <int Matrices, bool Transposed>
__global__ void ldmatrix_kernel(const std::uint16_t* in, std::uint32_t* out) {
  WEFT_SHARED(std::uint16_t, tile, [32][8]);
  const int lane = static_cast<int>(threadIdx.x);
  if (lane < 8 * Matrices)
    for (int i = 0; i < 8; ++i) tile[lane][i] = in[8 * lane + i];
  __syncwarp();
  std::uint32_t registers[Matrices];
  kernels::ldmatrix<Matrices, Transposed>(registers, tile[lane]);
  for (int m = 0; m < Matrices; ++m) out[lane * Matrices + m] = registers[m];
}

// And back: lane's registers `in` [32][Matrices] to the rows of `out` [8 * Matrices][8].
template <int Matrices, bool Transposed>
__global__ void stmatrix_kernel(const std::uint32_t* in, std::uint16_t* out) {
  WEFT_SHARED(std::uint16_t, tile, [32][8]);
  const int lane = static_cast<int>(threadIdx.x);
  std::uint32_t registers[Matrices];
  for (int m = 0; m < Matrices; ++m) registers[m] = in[lane * Matrices + m];
  kernels::stmatrix<Matrices, Transposed>(tile[lane], registers);
  __syncwarp();
  if (lane < 8 * Matrices)
    for (int i = 0; i < 8; ++i) out[8 * lane + i] = tile[lane][i];
}

// Written out from the PTX ISA's figures, without mma.cuh's functions: which element of matrix m, row major,
// is half `half` of lane's register m.
std::size_t element_of_lane(int m, int lane, int half, bool transposed) {
  const int row = lane >> 2, column = ((lane & 3) << 1) | half;
  return static_cast<std::size_t>(64 * m + (transposed ? 8 * column + row : 8 * row + column));
}

template <int Matrices, bool Transposed>
void check_moves() {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint16_t> matrices(64 * Matrices);
    for (auto& element : matrices) element = static_cast<std::uint16_t>(random());
    std::vector<std::uint32_t> fragments(32 * Matrices);
    for (int lane = 0; lane < 32; ++lane)
      for (int m = 0; m < Matrices; ++m)
        fragments[static_cast<std::size_t>(lane * Matrices + m)] =
            matrices[element_of_lane(m, lane, 0, Transposed)] |
            static_cast<std::uint32_t>(matrices[element_of_lane(m, lane, 1, Transposed)]) << 16;
    test::Guarded<std::uint16_t> in(matrices), back(std::vector<std::uint16_t>(matrices.size()));
    test::Guarded<std::uint32_t> out(std::vector<std::uint32_t>(fragments.size())),
        given(fragments);
    launch(ldmatrix_kernel<Matrices, Transposed>, {.block = 32}, kStream, in.data(), out.data());
    launch(stmatrix_kernel<Matrices, Transposed>, {.block = 32}, kStream, given.data(),
           back.data());
    ASSERT_EQ(out.download(), fragments) << "ldmatrix x" << Matrices << ", seed " << seed;
    ASSERT_EQ(back.download(), matrices) << "stmatrix x" << Matrices << ", seed " << seed;
  }
}

TEST_F(Mma, LdmatrixAndStmatrixMoveOneTwoAndFourMatrices) {
  check_moves<1, false>();
  check_moves<2, false>();
  check_moves<4, false>();
}
TEST_F(Mma, LdmatrixAndStmatrixTranspose) {
  check_moves<1, true>();
  check_moves<2, true>();
  check_moves<4, true>();
}

struct Bf16 {
  using Element = bfloat16;
  static constexpr int kK = 16;
  static __device__ __forceinline__ void mma(float (&c)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
    kernels::mma_bf16(c, a, b);
  }
};
struct F16 {
  using Element = float16;
  static constexpr int kK = 16;
  static __device__ __forceinline__ void mma(float (&c)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
    kernels::mma_f16(c, a, b);
  }
};

// c += a b through ldmatrix: a [16][16], bt [8][16] (b's columns) or, BTransposed, b [16][8]. A is given
// transposed, at [16 k][16 m], where ATransposed.
template <class Kind, bool ATransposed, bool BTransposed>
__global__ void half_product_kernel(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  WEFT_SHARED(std::uint16_t, a_tile, [16][16]);
  WEFT_SHARED(std::uint16_t, b_tile, [16 * 8]);
  const int lane = static_cast<int>(threadIdx.x);
  for (int i = lane; i < 256; i += 32) a_tile[i / 16][i % 16] = a[i];
  for (int i = lane; i < 128; i += 32) b_tile[i] = b[i];
  __syncwarp();
  // A's quarters in the order of the fragment: rows 0-7, rows 8-15, then both of columns 8-15.
  const int below = lane / 8 % 2, right = lane / 16, row = lane % 8;
  std::uint32_t a_part[4], b_part[2];
  kernels::ldmatrix<4, ATransposed>(a_part, ATransposed ? &a_tile[row + 8 * right][8 * below]
                                                        : &a_tile[row + 8 * below][8 * right]);
  // A fragment of b runs down a column: its columns are rows to ldmatrix.
  kernels::ldmatrix<2, BTransposed>(
      b_part, BTransposed ? &b_tile[(row + 8 * below) * 8] : &b_tile[row * 16 + 8 * below]);
  float c_part[4];
  for (int i = 0; i < 4; ++i) {
    const FragmentPlace at = kernels::mma_c_place(lane, i);
    c_part[i] = c[8 * at.row + at.column];
  }
  Kind::mma(c_part, a_part, b_part);
  for (int i = 0; i < 4; ++i) {
    const FragmentPlace at = kernels::mma_c_place(lane, i);
    c[8 * at.row + at.column] = c_part[i];
  }
}

__global__ void tf32_product_kernel(const float* a, const float* b, float* c) {
  const int lane = static_cast<int>(threadIdx.x);
  std::uint32_t a_part[4], b_part[2];
  float c_part[4];
  for (int i = 0; i < 4; ++i) {
    const FragmentPlace at = kernels::mma_a_tf32_place(lane, i);
    a_part[i] = kernels::to_tf32(a[8 * at.row + at.column]);
  }
  for (int i = 0; i < 2; ++i) {
    const FragmentPlace at = kernels::mma_b_tf32_place(lane, i);
    b_part[i] = kernels::to_tf32(b[8 * at.row + at.column]);
  }
  for (int i = 0; i < 4; ++i) {
    const FragmentPlace at = kernels::mma_c_place(lane, i);
    c_part[i] = c[8 * at.row + at.column];
  }
  kernels::mma_tf32(c_part, a_part, b_part);
  for (int i = 0; i < 4; ++i) {
    const FragmentPlace at = kernels::mma_c_place(lane, i);
    c[8 * at.row + at.column] = c_part[i];
  }
}

enum class Values { permutation, integers, normal };

struct Problem {  // values that the element type holds, row major
  std::vector<float> a, b, c;
};

template <class Round>
Problem draw(std::size_t k, unsigned seed, Values values, Round round) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto number = [&] {
    return values == Values::normal ? round(normal(random))
                                    : static_cast<float>(static_cast<int>(random() % 17) - 8);
  };
  Problem p{std::vector<float>(kM * k), std::vector<float>(k * kN), std::vector<float>(kM * kN)};
  for (float& value : p.a) value = number();
  for (float& value : p.b) value = number();
  for (float& value : p.c) value = number();
  if (values == Values::permutation)  // row i of the product is row (i + seed) % k of b
    for (std::size_t i = 0; i < kM; ++i)
      for (std::size_t j = 0; j < k; ++j) p.a[i * k + j] = j == (i + seed) % k ? 1.0f : 0.0f;
  return p;
}

// Each product is exact in float. The device may drop bits at each of the k + 1 terms, at most one unit in
// the last place of the largest sum: 2 u (k + 1) sum |terms|, u = 2^-24.
void check(const Problem& p, std::size_t k, const std::vector<float>& result, Values values,
           unsigned seed) {
  for (std::size_t i = 0; i < kM; ++i)
    for (std::size_t j = 0; j < kN; ++j) {
      double sum = p.c[i * kN + j], size = std::abs(sum);
      for (std::size_t l = 0; l < k; ++l) {
        const double term = static_cast<double>(p.a[i * k + l]) * p.b[l * kN + j];
        sum += term;
        size += std::abs(term);
      }
      const double bound =
          values == Values::normal ? 2 * 0x1p-24 * static_cast<double>(k + 1) * size : 0;
      ASSERT_LE(std::abs(result[i * kN + j] - sum), bound)
          << "row " << i << ", column " << j << ", seed " << seed;
    }
}

template <class Element>
std::vector<std::uint16_t> packed(const std::vector<float>& values, std::size_t rows,
                                  bool transposed) {
  const std::size_t columns = values.size() / rows;
  std::vector<std::uint16_t> out(values.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      const Element element(values[i * columns + j]);
      std::memcpy(&out[transposed ? j * rows + i : i * columns + j], &element, 2);
    }
  return out;
}

template <class Kind, bool ATransposed, bool BTransposed>
void check_half_product() {
  using Element = typename Kind::Element;
  for (Values values : {Values::permutation, Values::integers, Values::normal})
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      const Problem p = draw(Kind::kK, seed, values,
                             [](float value) { return static_cast<float>(Element(value)); });
      test::Guarded<std::uint16_t> a(packed<Element>(p.a, kM, ATransposed)),
          b(packed<Element>(p.b, Kind::kK, !BTransposed));
      test::Guarded<float> c(p.c);
      launch(half_product_kernel<Kind, ATransposed, BTransposed>, {.block = 32}, kStream, a.data(),
             b.data(), c.data());
      check(p, Kind::kK, c.download(), values, seed);
    }
}

template <class Kind>
void check_all_half_products() {
  check_half_product<Kind, false, false>();
  check_half_product<Kind, false, true>();
  check_half_product<Kind, true, false>();
  check_half_product<Kind, true, true>();
}

TEST_F(Mma, Bf16ProductsOfAllOrientations) { check_all_half_products<Bf16>(); }
TEST_F(Mma, F16ProductsOfAllOrientations) { check_all_half_products<F16>(); }

// cvt.rna.tf32 by its definition: nearest multiple of the last place, ties away from zero.
float tf32(float value) {
  int exponent;
  const float fraction = std::frexp(value, &exponent);  // 0.5 to 1
  return std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11);
}

TEST_F(Mma, Tf32RoundsItsOperandsAndMultiplies) {
  for (Values values : {Values::permutation, Values::integers, Values::normal})
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      Problem p = draw(8, seed, values, [](float value) { return value; });
      test::Guarded<float> a(p.a), b(p.b), c(p.c);
      launch(tf32_product_kernel, {.block = 32}, kStream, a.data(), b.data(), c.data());
      for (float& value : p.a) value = tf32(value);
      for (float& value : p.b) value = tf32(value);
      check(p, 8, c.download(), values, seed);
    }
}

}  // namespace
}  // namespace weft
