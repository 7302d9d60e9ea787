#include "weft/optim.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/nn.h"

namespace weft {
namespace {

using test::error_of;
using Values = std::vector<float>;

Tensor parameter(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return from_values(values, {size}).set_requires_grad();
}

// Gives every x the gradient `g`.
void pass(const std::vector<Tensor>& x, float g) {
  record("pass", full({}, 0), x, [x, g](const Tensor&, Gradients& gradients) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Gradients::Target to = gradients.target(static_cast<int>(i));
      for (std::int64_t k = 0; k < x[i].size(); ++k)
        to.into.data<float>()[k] = g + (to.add ? to.into.data<float>()[k] : 0);
    }
  }).backward();
}

TEST(Optimizer, MovesParametersIntoOneArena) {
  const Tensor a = parameter({1, 2, 3}), b = parameter({4}), none = parameter({});
  const Tensor c = full({2, 9}, 5).set_requires_grad();
  const Tensor handle = a;
  const Sgd sgd({a, b, none, c}, {.lr = 0.5});
  EXPECT_EQ(handle.to_vector<float>(), (Values{1, 2, 3}));
  EXPECT_EQ(c.to_vector<float>(), Values(18, 5.0f));
  EXPECT_EQ(sgd.values().size(), sgd.gradients().size());
  const auto* const values = sgd.values().data<float>();
  const auto* const gradients = sgd.gradients().data<float>();
  for (const Tensor& p : {a, b, c}) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p.data()) % 64, 0u);
    EXPECT_EQ(p.data<float>() - values, p.grad().data<float>() - gradients) << "equal offsets";
    EXPECT_TRUE(p.requires_grad());
  }
  double sum = 0;
  for (const float v : sgd.values().to_vector<float>()) sum += v;
  EXPECT_EQ(sum, 10 + 90) << "padding is 0";
}

TEST(Optimizer, KeepsAGradientThatWasThere) {
  Tensor a = parameter({1, 2});
  a.set_grad(from_values(Values{10, 20}, {2}));
  Sgd sgd({a}, {.lr = 0.1});
  sgd.step();
  test::expect_close(a.to_vector<float>(), Values{0, 0}, {.abs = 1e-6}, "a", test::Content::any);
}

TEST(Sgd, StepsAgainstTheGradientAndClearsIt) {
  const Tensor a = parameter({1, 2, 3}), b = parameter({4});
  Sgd sgd({a, b}, {.lr = 0.5});
  pass({a, b}, 2);
  pass({a}, 4);
  EXPECT_EQ(a.grad().to_vector<float>(), (Values{6, 6, 6})) << "accumulates in the arena";
  EXPECT_EQ(sgd.gradients().data(), a.grad().data());
  sgd.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{-2, -1, 0}));
  EXPECT_EQ(b.to_vector<float>(), (Values{3}));
  EXPECT_EQ(a.grad().to_vector<float>(), Values(3, 0.0f));
  sgd.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{-2, -1, 0})) << "nothing left to step along";
}

TEST(Optimizer, ZeroGradForgets) {
  Tensor a = parameter({1, 2});
  Sgd sgd({a}, {.lr = 1});
  pass({a}, 3);
  sgd.zero_grad();
  sgd.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{1, 2}));
}

TEST(Optimizer, TakesGradientsThatWereSetFromOutside) {
  Tensor a = parameter({1, 2}), b = parameter({3});
  Sgd sgd({a, b}, {.lr = 1});
  pass({a, b}, 100);
  a.set_grad(from_values(Values{5, 6}, {2}));
  b.set_grad({});  // cleared: no step
  sgd.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{-4, -4}));
  EXPECT_EQ(b.to_vector<float>(), (Values{3}));
  pass({a, b}, 1);
  sgd.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{-5, -5})) << "and goes on in the arena";
  EXPECT_EQ(b.to_vector<float>(), (Values{2}));
}

TEST(Optimizer, RefusesParametersThatItCannotHold) {
  const Tensor a = parameter({1, 2});
  const auto refusal = [](const std::vector<Tensor>& parameters) {
    return error_of<ShapeError>([&] { Sgd(parameters, {.lr = 1}); });
  };
  EXPECT_EQ(refusal({}), "optimizer: expected parameters, got none");
  EXPECT_EQ(refusal({a, parameter({1}), a}),
            "optimizer: expected each parameter once, got number 0 again as number 2");
  EXPECT_NE(refusal({a, a.detach()}).find("share"), std::string::npos);
  const Tensor whole = parameter({1, 2, 3, 4}).detach();
  EXPECT_NE(refusal({whole.rows(0, 3), whole.rows(2, 4)}).find("share"), std::string::npos);
  EXPECT_NE(refusal({a, zeros({2}, DType::float64)}), "");
  EXPECT_NE(refusal({zeros({2}, DType::int32)}), "");
  EXPECT_NE(refusal({parameter({1}), a.reshape({2, 1})}), "") << "not a leaf";
  EXPECT_EQ(a.to_vector<float>(), (Values{1, 2}));
  if (gpu_available()) {
    EXPECT_NE(refusal({a, zeros({2}, DType::float32, Device::gpu)}), "");
  }
}

TEST(Optimizer, ASecondOneTakesOver) {
  Tensor a = parameter({1, 2}), b = parameter({3, 4});
  Sgd first({a, b}, {.lr = 1});
  Sgd second({a, b}, {.lr = 2});
  pass({a, b}, 1);
  second.step();
  EXPECT_EQ(a.to_vector<float>(), (Values{-1, 0}));
  EXPECT_NE(error_of<ShapeError>([&] { first.step(); }).find("make the optimizer last"),
            std::string::npos);
}

TEST(Optimizer, NoticesAModelThatMoved) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Generator generator(1);
  nn::Linear layer(3, 2, generator);
  Sgd sgd(layer.parameters(), {.lr = 1});
  layer.to(Device::gpu);
  EXPECT_NE(error_of<ShapeError>([&] { sgd.step(); }).find("was moved"), std::string::npos);
}

TEST(Sgd, WantsALearningRateAboveZero) {
  const Tensor a = parameter({1});
  for (const double lr : {0.0, -0.1, std::nan(""), std::numeric_limits<double>::infinity()})
    EXPECT_NE(error_of<ShapeError>([&] { Sgd({a}, {.lr = lr}); }).find("learning rate"),
              std::string::npos);
  EXPECT_FALSE(a.grad().defined()) << "nothing was moved";
}

TEST(Optimizer, ParametersOutliveIt) {
  const Tensor a = parameter({1, 2});
  {
    Sgd sgd({a}, {.lr = 1});
    pass({a}, 1);
    sgd.step();
  }
  EXPECT_EQ(a.to_vector<float>(), (Values{0, 1}));
  EXPECT_EQ(a.grad().to_vector<float>(), (Values{0, 0}));
}

// values() and state() are all that a next step depends on.
TEST(Optimizer, IsWhereItWasOnceValuesAndStateAreCopiedBack) {
  const Tensor a = parameter({1, 2}), b = parameter({3});
  const auto steps = [&](Optimizer& optimizer) {
    for (const float g : {1.0f, -3.0f}) {
      pass({a, b}, g);
      optimizer.step();
    }
    return optimizer.values().to_vector<float>();
  };
  const auto check = [&](Optimizer& optimizer, std::size_t states, double lr) {
    EXPECT_EQ(optimizer.state().size(), states);
    EXPECT_EQ(optimizer.learning_rate(), lr);
    steps(optimizer);
    const Tensor values = optimizer.values().clone();
    std::vector<Tensor> kept;
    for (const Tensor& x : optimizer.state()) kept.push_back(x.clone());
    const Values first = steps(optimizer);
    Tensor(optimizer.values()).copy_from(values);
    for (std::size_t i = 0; i < kept.size(); ++i) optimizer.state()[i].copy_from(kept[i]);
    EXPECT_EQ(steps(optimizer), first);
  };
  Sgd sgd({a, b}, {.lr = 0.5});
  check(sgd, 0, 0.5);
  Sgd momentum({a, b}, {.lr = 0.25, .momentum = 0.9});
  check(momentum, 1, 0.25);
  Adam adam({a, b}, {.lr = 0.1});
  check(adam, 3, 0.1);
}

TEST(Sgd, WorksInDouble) {
  const Tensor a = from_values(std::vector<double>{1, 2}, {2}).set_requires_grad();
  Sgd sgd({a}, {.lr = 0.25});
  record("pass", full({}, 0, DType::float64), {a}, [](const Tensor&, Gradients& g) {
    g.give(0, full({2}, 2, DType::float64));
  }).backward();
  sgd.step();
  EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{0.5, 1.5}));
}

}  // namespace
}  // namespace weft
