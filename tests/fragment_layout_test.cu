// Which element of a matrix each lane's registers hold in ldmatrix, stmatrix and mma.sync: found by experiment
// on Device::gpu and compared with what the executor's experiment found (fragment_layouts.txt), which in turn is
// compared with the PTX ISA's formulas. With WEFT_FRAGMENT_DUMP=FILE the device's tables are written there; so
// the executor records anew:
//
//   WEFT_FRAGMENT_DUMP=tests/golden/fragment_layouts.txt build/executor/bin/fragment_layout_test

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fragment_probe.cuh"
#include "tests/support/fragment_layouts.h"
#include "tests/support/gpu_test.h"

namespace weft {
namespace {

using test::ElementPlace;
using test::FragmentLayout;
using test::ProductProbe;
using Layouts = std::vector<FragmentLayout>;

constexpr const char* kHeader =
    "# Which element of a matrix each lane's registers hold: row,column, or matrix:row,column\n"
    "# where an instruction moves several; lo and hi are the halves of a register. Found by\n"
    "# experiment (fragment_layout_test) on ";

std::filesystem::path recorded_file() {  // a bundle for another machine carries it elsewhere
  const char* const elsewhere = std::getenv("WEFT_GOLDEN_DIR");
  return std::filesystem::path(elsewhere != nullptr ? elsewhere : WEFT_SOURCE_DIR "/tests/golden") /
         "fragment_layouts.txt";
}

std::string recorded() {
  std::ifstream file(recorded_file());
  EXPECT_TRUE(file) << "cannot read " << recorded_file();
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_none(const std::vector<std::string>& lines) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, lines.size()); ++i) text += lines[i] + "\n";
  EXPECT_TRUE(lines.empty()) << lines.size() << " slots differ, the first:\n" << text;
}

class FragmentLayouts : public test::GpuTest {};

TEST_F(FragmentLayouts, OfTheDeviceAreTheRecordedOnes) {
  const Layouts found = test::probe_device();
  const std::string text = text_of(found);
  if (const char* const dump = std::getenv("WEFT_FRAGMENT_DUMP")) {
    std::ofstream file(dump);
    file << kHeader << (gpu_properties().is_executor ? "the SIMT executor" : gpu_properties().name)
         << ".\n"
         << text;
    ASSERT_TRUE(file.flush()) << "WEFT_FRAGMENT_DUMP: cannot write " << dump;
  }
  const int capability = gpu_properties().compute_capability;
  const std::vector<std::string> lines = test::differences(recorded(), text, capability >= 90);
  int slots = 0;
  for (const FragmentLayout& layout : found) slots += layout.slots();
  std::cout << "layouts on " << gpu_properties().name << ": " << found.size() << " operands, "
            << slots << " slots, " << lines.size() << " not as recorded\n";
  EXPECT_EQ(found.size(), capability >= 90 ? 24u : capability >= 80 ? 18u : 6u);
  expect_none(lines);
}

TEST(FragmentFormulas, GiveTheRecordedLayouts) {
  expect_none(test::differences(text_of(test::ptx_isa_layouts()), recorded(), true));
}

/// What a device with these layouts of A, B, C and D gives.
ProductProbe simulate(const Layouts& of) {
  const FragmentLayout &a = of[0], &b = of[1], &c = of[2], &d = of[3];
  ProductProbe probe;
  const auto fill = [&](const FragmentLayout& one, std::vector<float>& out, auto number) {
    for (const ElementPlace& alone : one.places)
      for (const ElementPlace& to : d.places) out.push_back(static_cast<float>(number(alone, to)));
  };
  const auto slot = [](const FragmentLayout& layout, int row, int column) {
    return std::ranges::find(layout.places, ElementPlace{row, column}) - layout.places.begin() + 1;
  };
  fill(a, probe.a_alone, [&](const ElementPlace& at, const ElementPlace& to) {
    return at.row == to.row ? slot(b, at.column, to.column) : 0;
  });
  fill(b, probe.b_alone, [&](const ElementPlace& at, const ElementPlace& to) {
    return at.column == to.column ? slot(a, to.row, at.row) : 0;
  });
  for (const ElementPlace& to : d.places)
    probe.c_alone.push_back(static_cast<float>(slot(c, to.row, to.column)));
  return probe;
}

TEST(FragmentProbes, ShowEveryPairOfSlotsThatChangePlaces) {
  for (const std::size_t first : {12u, 20u}) {  // of bf16, of tf32
    const Layouts all = test::ptx_isa_layouts();
    const Layouts right(all.begin() + static_cast<std::ptrdiff_t>(first),
                        all.begin() + static_cast<std::ptrdiff_t>(first) + 4);
    const std::string name = right[0].name.substr(0, right[0].name.size() - 2);
    const auto found = [&](const Layouts& device) {
      return text_of(test::layouts_of_product(name, right[0].halves, simulate(device)));
    };
    ASSERT_EQ(found(right), text_of(right));
    for (std::size_t operand = 0; operand < right.size(); ++operand)
      for (std::size_t i = 0; i < right[operand].places.size(); i += 17)
        for (std::size_t j = i + 1; j < right[operand].places.size(); j += 23) {
          Layouts wrong = right;
          std::swap(wrong[operand].places[i], wrong[operand].places[j]);
          ASSERT_NE(found(wrong), text_of(right))
              << right[operand].name << ", slots " << i << ", " << j;
        }
  }
}

TEST(FragmentDifferences, NameInstructionLaneRegisterAndBothPlaces) {
  Layouts layouts = test::ptx_isa_layouts();
  const std::string right = text_of(layouts);
  EXPECT_EQ(test::differences(right, right, true), std::vector<std::string>{});
  FragmentLayout& a = layouts[12];
  a.places[static_cast<std::size_t>(a.slot(5, 1, 1))] = {2, 3};
  EXPECT_EQ(test::differences(right, text_of(layouts), true),
            std::vector<std::string>{
                "mma.m16n8k16.bf16 A, lane 5, register 1.hi: expected 9,3, found 2,3"});
  layouts.resize(12);
  EXPECT_EQ(test::differences(right, text_of(layouts), false), std::vector<std::string>{});
  EXPECT_EQ(test::differences(right, text_of(layouts), true).size(),
            2 * 32u * (8 + 4 + 4 + 4) + 32u * 14);
}

}  // namespace
}  // namespace weft
