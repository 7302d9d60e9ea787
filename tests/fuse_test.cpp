#include <gtest/gtest.h>

#include "tests/support/compare.h"
#include "weft/autograd.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"

namespace weft {
namespace {

using nn::Linear;
using nn::Sequential;

Sequential network(Generator& generator) {
  return Sequential(Linear(5, 7, generator), nn::LeakyReLU(0.2), Linear(7, 6, generator, false),
                    nn::Tanh(), Sequential(Linear(6, 4, generator), nn::ReLU()), nn::Tanh(),
                    Linear(4, 3, generator), nn::Sigmoid(), nn::ReLU(), Linear(3, 2, generator));
}

struct Outcome {
  std::vector<float> y;
  std::vector<std::vector<float>> gradients;
};

Outcome outcome_of(Sequential& layers, const Tensor& x, const Tensor& targets) {
  const Tensor y = layers(x);
  Outcome outcome{y.to_vector<float>(), {}};
  for (Tensor& parameter : layers.parameters()) parameter.set_grad(Tensor());
  backward(mse_loss(y, targets));
  for (const Tensor& parameter : layers.parameters())
    outcome.gradients.push_back(parameter.grad().to_vector<float>());
  return outcome;
}

class Fuse : public testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(Fuse, GivesTheSameNumbersAndGradients) {
  Generator generator(3);
  Sequential layers = network(generator);
  layers.to(GetParam());
  Sequential fused = nn::fuse(layers);
  for (const std::int64_t rows : {1, 2, 33, 130}) {
    Tensor x = empty({rows, 5}), targets = empty({rows, 2});
    uniform_(x, -2, 2, generator.next());
    uniform_(targets, -1, 1, generator.next());
    x = x.to(GetParam()), targets = targets.to(GetParam());
    const Outcome expected = outcome_of(layers, x, targets), actual = outcome_of(fused, x, targets);
    EXPECT_EQ(actual.y, expected.y) << rows;
    EXPECT_EQ(actual.gradients, expected.gradients) << rows;
  }
}
INSTANTIATE_TEST_SUITE_P(Devices, Fuse, testing::Values(Device::cpu, Device::gpu),
                         [](const auto& with) {
                           return with.param == Device::cpu ? "Cpu" : "Gpu";
                         });

TEST(FuseLayers, KeepsNamesAndSharesParameters) {
  Generator generator(4);
  const Sequential layers = network(generator);
  Sequential fused = nn::fuse(layers);
  const auto before = layers.named_parameters(), after = fused.named_parameters();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].first, before[i].first);
    EXPECT_EQ(after[i].second.data(), before[i].second.data());
  }
  EXPECT_EQ(fused.size(), layers.size());
}

TEST(FuseLayers, LeavesDerivedLayersAlone) {
  struct Twice : Linear {
    using Linear::Linear;
    Tensor forward(const Tensor& x) override { return Linear::forward(Linear::forward(x)); }
  };
  Generator generator(5);
  Sequential layers(Twice(2, 2, generator), nn::Tanh());
  Sequential fused = nn::fuse(layers);
  const Tensor x = from_values(std::vector<float>{1, -2, 3, 4}, {2, 2});
  EXPECT_EQ(fused(x).to_vector<float>(), layers(x).to_vector<float>());
}

}  // namespace
}  // namespace weft
