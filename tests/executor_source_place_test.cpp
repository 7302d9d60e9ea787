#include <gtest/gtest.h>

#include "src/executor/source_place.h"
#include "weft/simt.h"

namespace weft {
namespace {

constexpr int kFirstLine = __LINE__;
template <class T>
__global__ void named_kernel(T* memory) {
  if (memory != nullptr) *memory = 1;
}
constexpr int kLastLine = __LINE__;

TEST(SourcePlaces, GiveFunctionFileAndLine) {
  const auto places = executor::source_places(reinterpret_cast<const void*>(&named_kernel<float>));
  ASSERT_FALSE(places.empty()) << "no addr2line, or no debug information";
  EXPECT_EQ(places.back().function, "named_kernel");
  const std::string file = "executor_source_place_test.cpp:";
  ASSERT_TRUE(places.back().place.starts_with(file)) << places.back().place;
  const int line = std::stoi(places.back().place.substr(file.size()));
  EXPECT_GT(line, kFirstLine);
  EXPECT_LT(line, kLastLine);
}

TEST(SourcePlaces, NameKernelsWithoutTheirTypes) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(executor::kernel_name(reinterpret_cast<const void*>(&named_kernel<int>)),
              "named_kernel");
    EXPECT_EQ(executor::kernel_name(nullptr), "");
  }
}

TEST(SourcePlaces, AreEmptyForWhatIsNoCode) {
  int local = 0;
  EXPECT_TRUE(executor::source_places(&local).empty());
  EXPECT_TRUE(executor::source_places(nullptr).empty());
}

TEST(SourcePlaces, TidyNames) {
  EXPECT_EQ(executor::tidy_name("void weft::kernels::softmax(const float*, float*, int)"),
            "softmax");
  EXPECT_EQ(executor::tidy_name("void weft::{anonymous}::run(T) [with T = std::vector<int>]"),
            "run");
  EXPECT_EQ(executor::tidy_name("std::pair<int, int> weft::f(std::pair<int, int>)"), "f");
  EXPECT_EQ(executor::tidy_name("main(int, char**)::<lambda(int)>"), "main");
  EXPECT_EQ(executor::tidy_name("main"), "main");
  EXPECT_EQ(executor::tidy_name(
                "void weft::(anonymous namespace)::f_kernel<weft::Tile<4, 2>, true>(int)"),
            "f_kernel");
}

}  // namespace
}  // namespace weft
