// Fragments by the formulas that the PTX ISA writes down in its sections on ldmatrix, stmatrix and the fragments
// of mma.m16n8k16 and mma.m16n8k8. Nothing of kernels/primitives/mma.cuh is used: this is what it is checked by.

#include "tests/support/fragment_layouts.h"

namespace weft::test {
namespace {

/// One operand by a formula of lane and element, as the PTX ISA writes them.
template <class Place>
FragmentLayout by_formula(std::string name, int registers, int halves, Place place) {
  FragmentLayout layout{std::move(name), registers, halves};
  for (int lane = 0; lane < kFragmentLanes; ++lane)
    for (int i = 0; i < registers * halves; ++i) layout.places.push_back(place(lane, i));
  return layout;
}

}  // namespace

std::vector<FragmentLayout> ptx_isa_layouts() {
  std::vector<FragmentLayout> all;
  for (const char* instruction : {"ldmatrix", "stmatrix"})
    for (const bool transposed : {false, true})
      for (const int matrices : {1, 2, 4})
        all.push_back(by_formula(std::string(instruction) + ".m8n8.x" + std::to_string(matrices) +
                                     (transposed ? ".trans" : ""),
                                 matrices, 2, [=](int lane, int i) {
                                   const int row = lane / 4, column = lane % 4 * 2 + (i & 1);
                                   return transposed ? ElementPlace{column, row, i / 2}
                                                     : ElementPlace{row, column, i / 2};
                                 }));
  const auto c = [](int lane, int i) {
    const int group = lane >> 2, thread = lane % 4;
    return ElementPlace{i < 2 ? group : group + 8, thread * 2 + (i & 1)};
  };
  for (const std::string name : {"mma.m16n8k16.bf16", "mma.m16n8k16.f16"}) {
    all.push_back(by_formula(name + " A", 4, 2, [](int lane, int i) {
      const int group = lane >> 2, thread = lane % 4;
      return ElementPlace{i < 2 || (4 <= i && i < 6) ? group : group + 8,
                          thread * 2 + (i & 1) + (i < 4 ? 0 : 8)};
    }));
    all.push_back(by_formula(name + " B", 2, 2, [](int lane, int i) {
      const int group = lane >> 2, thread = lane % 4;
      return ElementPlace{thread * 2 + (i & 1) + (i < 2 ? 0 : 8), group};
    }));
    all.push_back(by_formula(name + " C", 4, 1, c));
    all.push_back(by_formula(name + " D", 4, 1, c));
  }
  const std::string name = "mma.m16n8k8.tf32";
  all.push_back(by_formula(name + " A", 4, 1, [](int lane, int i) {
    const int group = lane >> 2, thread = lane % 4;
    return ElementPlace{i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4};
  }));
  all.push_back(by_formula(name + " B", 2, 1, [](int lane, int i) {
    const int group = lane >> 2, thread = lane % 4;
    return ElementPlace{i == 0 ? thread : thread + 4, group};
  }));
  all.push_back(by_formula(name + " C", 4, 1, c));
  all.push_back(by_formula(name + " D", 4, 1, c));
  return all;
}

}  // namespace weft::test
