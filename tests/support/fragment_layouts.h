#pragma once

// Fragment layouts: which element of a matrix each lane's registers hold, as tables that can be written,
// read and compared. tests/fragment_layout_test.cu finds them by experiment.

#include <string>
#include <vector>

namespace weft::test {

constexpr int kFragmentLanes = 32;

struct ElementPlace {
  int row = -1, column = -1, matrix = -1;  // matrix: of ldmatrix and stmatrix; row -1: not found
  bool operator==(const ElementPlace&) const = default;
};

/// Of one operand of one instruction. A slot is an element of a lane's fragment: a register, or the lower or
/// upper half of one.
struct FragmentLayout {
  std::string name;  // "mma.m16n8k16.bf16 A"
  int registers, halves;
  std::vector<ElementPlace> places = {};  // [lane][register][half]

  int slots() const { return kFragmentLanes * registers * halves; }
  int slot(int lane, int reg, int half = 0) const {
    return (lane * registers + reg) * halves + half;
  }
};

/// What a product gives for known fragments, everything else being 0. d is [kDSlots].
struct ProductProbe {
  static constexpr int kDSlots = 4 * kFragmentLanes;
  std::vector<float> a_alone;  // [A's slots][d]: that slot of A is 1, slot i of B is i + 1
  std::vector<float> b_alone;  // [B's slots][d]: that slot of B is 1, slot i of A is i + 1
  std::vector<float> c_alone;  // [d]: A and B are 0, slot i of C is i + 1
};

/// The layouts of A [16][K], B [K][8], C and D [16][8] behind a probe. A product stays the same where rows,
/// columns or the K terms change their places in all operands, so some slots have their place by convention,
/// the PTX ISA's: the rows and columns of D that lanes 0 and 4g hold, and the K terms of B's first column.
std::vector<FragmentLayout> layouts_of_product(const std::string& name, int halves,
                                               const ProductProbe& probe);

/// What the PTX ISA says of the instructions of kernels/primitives/mma.cuh.
std::vector<FragmentLayout> ptx_isa_layouts();

/// One section for each layout, one line for each lane, one column for each slot of a lane.
std::string text_of(const std::vector<FragmentLayout>& layouts);

/// What of `found` is not as `expected` says, a line for each slot: instruction, operand, lane, register,
/// expected, found. Sections that are in `expected` alone count where `all` is set: an older device lacks
/// instructions.
std::vector<std::string> differences(const std::string& expected, const std::string& found,
                                     bool all);

}  // namespace weft::test
