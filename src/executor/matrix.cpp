// ldmatrix, stmatrix and mma.sync: each lane brings pointers to its registers, the last one to come does the
// work of all 32. Addresses are checked before a lane waits, so that a report names the lane they are of.

#include <bit>
#include <cstring>
#include <string>

#include "kernels/primitives/mma.cuh"
#include "src/executor/block_runner.h"
#include "src/executor/race.h"
#include "weft/half.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::executor {
namespace {

constexpr std::size_t kRowBytes = 16;  // 8 elements of 16 bits
constexpr int kLanes = static_cast<int>(kWarpSize);

struct Rows : WholeWarp {  // what a lane brings to ldmatrix and stmatrix
  std::uint32_t* registers;
  unsigned char* row;
  int matrices;
};

struct Product : WholeWarp {  // and to mma.sync
  float* c;
  const std::uint32_t *a, *b;
};

Rows& rows(WholeWarp* lane) { return *static_cast<Rows*>(lane); }
Product& product(WholeWarp* lane) { return *static_cast<Product*>(lane); }

// The address of one 16-bit element, in the row that lane 8 * matrix + r gave.
template <bool Transposed>
unsigned char* element(WholeWarp* const* lanes, int matrix, int lane, int half) {
  const int row = lane / 4, column = 2 * (lane % 4) + half;
  const int r = Transposed ? column : row, c = Transposed ? row : column;
  return rows(lanes[8 * matrix + r]).row + 2 * c;
}

template <bool Store, bool Transposed>
void move_matrices(WholeWarp* const* lanes) {
  for (int matrix = 0; matrix < rows(lanes[0]).matrices; ++matrix)
    for (int lane = 0; lane < kLanes; ++lane) {
      std::uint16_t halves[2];
      std::uint32_t& value = rows(lanes[lane]).registers[matrix];
      if (Store) std::memcpy(halves, &value, sizeof value);
      for (int half = 0; half < 2; ++half) {
        unsigned char* memory = element<Transposed>(lanes, matrix, lane, half);
        if (Store)
          std::memcpy(memory, &halves[half], 2);
        else
          std::memcpy(&halves[half], memory, 2);
      }
      if (!Store) std::memcpy(&value, halves, sizeof value);
    }
}

template <class T>
float element_of(const std::uint32_t* registers, int i) {
  T value;
  std::memcpy(&value, reinterpret_cast<const unsigned char*>(registers) + 2 * i, sizeof value);
  return static_cast<float>(value);
}
struct Tf32;  // the low 13 bits of a register are not looked at
template <>
float element_of<Tf32>(const std::uint32_t* registers, int i) {
  return std::bit_cast<float>(registers[i] & ~0x1FFFu);
}

// The order and the inner width of the device's sum are not specified; this one rounds once.
template <class T, int K>
void multiply(WholeWarp* const* lanes) {
  constexpr bool kTf32 = K == 8;
  float a[16][K], b[K][8];
  for (int lane = 0; lane < kLanes; ++lane) {
    const Product& mine = product(lanes[lane]);
    for (int i = 0; i < K / 2; ++i) {
      const auto [row, k] =
          kTf32 ? kernels::mma_a_tf32_place(lane, i) : kernels::mma_a_place(lane, i);
      a[row][k] = element_of<T>(mine.a, i);
    }
    for (int i = 0; i < K / 4; ++i) {
      const auto [k, column] =
          kTf32 ? kernels::mma_b_tf32_place(lane, i) : kernels::mma_b_place(lane, i);
      b[k][column] = element_of<T>(mine.b, i);
    }
  }
  for (int lane = 0; lane < kLanes; ++lane)
    for (int i = 0; i < 4; ++i) {
      const auto [row, column] = kernels::mma_c_place(lane, i);
      float& c = product(lanes[lane]).c[i];
      double sum = 0;
      for (int k = 0; k < K; ++k) sum += static_cast<double>(a[row][k]) * b[k][column];
      c = static_cast<float>(sum + c);
    }
}

void meet(WholeWarp& lane, Site at) {
  WarpArgument argument{WarpOp::whole_warp, ~0u, 0, 32, 0};
  WholeWarp* const pointer = &lane;
  static_assert(sizeof pointer <= sizeof argument.value);
  std::memcpy(&argument.value, &pointer, sizeof pointer);
  warp_collective(argument, at);
}

void check_row(const char* name, [[maybe_unused]] race::Kind kind, const void* row, int matrices,
               Site at) {
  const BlockRunner& runner = BlockRunner::current();
  if (static_cast<int>(runner.running() % kWarpSize) >= 8 * matrices) return;  // not used
  const auto fail = [&](const char* why) {
    runner.fail(std::string(name) + " with the address of a row " + why, at);
  };
  if (reinterpret_cast<std::uintptr_t>(row) % kRowBytes != 0)
    fail("that is no multiple of 16 bytes");
  if (!BlockRunner::current().block().shared.contains(row, kRowBytes))
    fail("outside the block's shared memory");
#if defined(__SANITIZE_ADDRESS__)
  if (__asan_region_is_poisoned(const_cast<void*>(row), kRowBytes) != nullptr)
    fail("outside an array of shared memory, or still written by a copy under way");
#endif
  if constexpr (race::kEnabled) race::touch(kind, row, kRowBytes, {at});
}

}  // namespace

void load_matrices(std::uint32_t* registers, const void* row, int matrices, bool transposed,
                   Site at) {
  BlockRunner::current().require_capability(75, "ldmatrix", at);
  check_row("ldmatrix", race::Kind::read, row, matrices, at);
  Rows lane{{"ldmatrix", transposed ? move_matrices<false, true> : move_matrices<false, false>},
            registers,
            static_cast<unsigned char*>(const_cast<void*>(row)),
            matrices};
  meet(lane, at);
}

void store_matrices(void* row, const std::uint32_t* registers, int matrices, bool transposed,
                    Site at) {
  BlockRunner::current().require_capability(90, "stmatrix", at);
  check_row("stmatrix", race::Kind::write, row, matrices, at);
  Rows lane{{"stmatrix", transposed ? move_matrices<true, true> : move_matrices<true, false>},
            const_cast<std::uint32_t*>(registers),
            static_cast<unsigned char*>(row),
            matrices};
  meet(lane, at);
}

void multiply_matrices(MatrixElement element, float* c, const std::uint32_t* a,
                       const std::uint32_t* b, Site at) {
  BlockRunner::current().require_capability(80, "mma.sync", at);
  const auto complete = element == MatrixElement::bf16  ? multiply<bfloat16, 16>
                        : element == MatrixElement::f16 ? multiply<float16, 16>
                                                        : multiply<Tf32, 8>;
  Product lane{{"mma.sync", complete}, c, a, b};
  meet(lane, at);
}

}  // namespace weft::executor
