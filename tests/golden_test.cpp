// Weft against PyTorch: every file of tests/golden on both devices. scripts/make_golden.py says what is in
// them and how they came about.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using test::Golden;
using Names = std::vector<std::string>;

/// A bundle for another machine carries the files elsewhere (scripts/bundle).
fs::path folder() {
  const char* const elsewhere = std::getenv("WEFT_GOLDEN_DIR");
  return elsewhere != nullptr ? elsewhere : WEFT_SOURCE_DIR "/tests/golden";
}

constexpr const char* kOfAnotherTest = "fragment_layouts.txt";  // fragment_layout_test
constexpr std::size_t kFiles = 47;
constexpr std::uintmax_t kMostBytes = 5'000'000;

Golden load(const std::string& name) { return Golden(folder() / (name + ".safetensors")); }

test::GoldenChecks all_checks() {
  test::GoldenChecks checks = test::golden_layer_checks();
  checks.merge(test::golden_image_checks());
  checks.merge(test::golden_batch_norm_checks());
  checks.merge(test::golden_loss_and_optimizer_checks());
  checks.merge(test::golden_lesson_checks());
  return checks;
}

Names all_names() {
  Names names;
  for (const auto& entry : fs::directory_iterator(folder()))
    if (entry.path().filename() != kOfAnotherTest) names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

class PyTorch : public ::testing::TestWithParam<std::tuple<std::string, Device>> {};

TEST_P(PyTorch, GivesTheSame) {
  const auto& [name, device] = GetParam();
  if (device == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Golden golden = load(name);
  const test::GoldenChecks checks = all_checks();
  const auto check = checks.find(golden.setting("module"));
  ASSERT_NE(check, checks.end()) << "nothing checks " << golden.setting("module");
  check->second(golden, device);
  EXPECT_EQ(golden.unread(), Names{}) << "in the file, but compared with nothing";
}

using File = PyTorch::ParamType;
std::string name_of_file(const ::testing::TestParamInfo<File>& file) {
  return std::get<0>(file.param) + "_" + name_of(std::get<1>(file.param));
}
INSTANTIATE_TEST_SUITE_P(Files, PyTorch,
                         ::testing::Combine(::testing::ValuesIn(all_names()),
                                            ::testing::Values(Device::cpu, Device::gpu)),
                         name_of_file);

TEST(GoldenFiles, AreAllThereAndAllChecked) {
  EXPECT_EQ(all_names().size(), kFiles) << "a case was added or lost: count anew";
  std::set<std::string> modules;
  for (const std::string& name : all_names()) modules.insert(load(name).setting("module"));
  for (const auto& [module, check] : all_checks())
    EXPECT_TRUE(modules.contains(module)) << "there is no file of " << module;
  for (const std::string& module : modules)
    EXPECT_TRUE(all_checks().contains(module)) << "nothing checks " << module;
}

TEST(GoldenFiles, AreSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder())) {
    EXPECT_TRUE(entry.path().extension() == ".safetensors" ||
                entry.path().filename() == kOfAnotherTest)
        << entry.path();
    bytes += entry.file_size();
  }
  EXPECT_LT(bytes, kMostBytes);
}

}  // namespace
}  // namespace weft
