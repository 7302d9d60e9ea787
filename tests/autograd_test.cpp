#include "weft/autograd.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/compare.h"
#include "tests/support/double_ops.h"
#include "tests/support/error.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::error_of;
using namespace test::double_ops;

TEST(Autograd, ChainsOps) {
  const Tensor a = leaf({1, 2, 3}), b = leaf({4, 5, 6});
  sum(multiply(plus(a, b), b)).backward();
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{4, 5, 6}));
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{9, 12, 15}));
}

TEST(Autograd, ATensorUsedTwiceGetsTheSum) {
  const Tensor a = leaf({1, 2, 3});
  sum(plus(a, a)).backward();
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{2, 2, 2}));
  const Tensor b = leaf({1, 2, 3});
  sum(multiply(b, b)).backward();  // both targets are one tensor's
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{2, 4, 6}));
  const Tensor c = leaf({1, 2, 3});
  const Tensor d = plus(c, c);  // an interior tensor used three times
  sum(plus(multiply(d, d), d)).backward();
  EXPECT_EQ(c.grad().to_vector<double>(), (Values{10, 18, 26}));
}

TEST(Autograd, AGradientHandedToTwoInputsIsNotAddedToInPlace) {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor x = plus(a, a), y = plus(b, b);  // plus gives one dy to x and y
  sum(plus(plus(x, y), x)).backward();          // and x gets another
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{4, 4}));
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{2, 2}));
}

TEST(Autograd, LeavesShareNoGradient) {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  sum(plus(a, b)).backward();
  EXPECT_NE(a.grad().data(), b.grad().data());
  a.grad().data<double>()[0] = 9;
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{1, 1}));
}

TEST(Autograd, LeavesAccumulateInPlace) {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor own = full({2}, 100, DType::float64);
  a.set_grad(own);
  for (int i = 0; i < 3; ++i) sum(multiply(a, b)).backward();
  EXPECT_EQ(own.to_vector<double>(), (Values{109, 112}));
  EXPECT_TRUE(same_tensor(a.grad(), own));
  sum(plus(a, b)).backward();
  EXPECT_EQ(own.to_vector<double>(), (Values{110, 113}));
}

TEST(Autograd, OnlyWhatAsksGetsAGradient) {
  const Tensor a = leaf({1, 2});
  const Tensor b = from_values(Values{3, 4}, {2});
  sum(multiply(a, b)).backward();
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{3, 4}));
  EXPECT_FALSE(b.grad().defined());
  EXPECT_FALSE(multiply(b, b).requires_grad());
  const Tensor c = multiply(a, b).detach();
  EXPECT_FALSE(c.requires_grad());
}

TEST(Autograd, NoGradStopsRecordingUntilItsEnd) {
  const Tensor a = leaf({1, 2});
  {
    const NoGrad off;
    EXPECT_FALSE(grad_enabled());
    { const NoGrad inner; }
    EXPECT_FALSE(grad_enabled());
    EXPECT_FALSE(multiply(a, a).requires_grad());
    EXPECT_FALSE(needs_grad({&a}));
    EXPECT_FALSE(a.reshape({2, 1}).requires_grad());
  }
  EXPECT_TRUE(needs_grad({&a}));
  const Tensor none;
  EXPECT_FALSE(needs_grad({&none}));
}

TEST(Autograd, ReshapePassesGradientsThrough) {
  const Tensor a = leaf({1, 2, 3, 4});
  const Tensor square = a.reshape({2, 2});
  sum(multiply(square, square).reshape({4})).backward();
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{2, 4, 6, 8}));
  EXPECT_EQ(a.grad().shape(), (Shape{4}));
}

TEST(Autograd, RowsPassTheirGradientToTheirPlace) {
  const Tensor a = leaf({1, 2, 3, 4, 5, 6});
  const Tensor matrix = a.reshape({3, 2});
  const Tensor upper = matrix.rows(0, 2), lower = matrix.rows(1, 3);  // they share a row
  sum(multiply(upper, lower)).backward();                             // 1x3 + 2x4 + 3x5 + 4x6
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{3, 4, 1 + 5, 2 + 6, 3, 4}));
  const Tensor b = leaf({7, 8});
  sum(b.rows(1, 1)).backward();
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{0, 0}));
  EXPECT_FALSE(a.detach().rows(0, 1).requires_grad());
}

TEST(Autograd, ASecondBackwardIsAnError) {
  const Tensor a = leaf({1, 2});
  const Tensor x = multiply(a, a);
  const Tensor y = sum(x), z = sum(x);
  y.backward();
  EXPECT_EQ(
      error_of<ShapeError>([&] { y.backward(); }),
      "backward: expected a tape that was not walked before, but sum has been: run the forward "
      "pass again");
  EXPECT_EQ(error_of<ShapeError>([&] { z.backward(); }),
            "backward: expected a tape that was not walked before, but multiply has been: run the "
            "forward pass again");
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{2, 4})) << "neither has changed a gradient";
}

TEST(Autograd, WantsAScalarWithATape) {
  const Tensor a = leaf({1, 2});
  EXPECT_EQ(error_of<ShapeError>([&] { multiply(a, a).backward(); }),
            "backward: expected a scalar, got [2]");
  EXPECT_NE(error_of<ShapeError>([] { full({}, 1).backward(); }), "");
  EXPECT_NE(error_of<ShapeError>([] { leaf({1}).backward(); }), "");
}

TEST(Autograd, ABackwardOfTheWrongShapeIsNamed) {
  const Tensor a = leaf({1, 2});
  const auto broken = [&](Tensor gradient) {
    return record("broken", full({}, 1, DType::float64), {a},
                  [gradient](const Tensor&, Gradients& gradients) { gradients.give(0, gradient); });
  };
  EXPECT_EQ(
      error_of<ShapeError>([&] { broken(zeros({3}, DType::float64)).backward(); }),
      "backward of broken: expected a gradient float64 [2] on the cpu for input 0, got float64 "
      "[3] on the cpu");
  EXPECT_NE(error_of<ShapeError>([&] { broken(zeros({2})).backward(); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { broken({}).backward(); }), "");
  sum(multiply(a, a)).backward();
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{2, 4})) << "later passes are not harmed";
}

TEST(Autograd, RecordRefusesATensorThatIsAnInput) {
  const Tensor a = leaf({1, 2});
  const auto none = [](const Tensor&, Gradients&) {};
  EXPECT_NE(error_of<ShapeError>([&] { record("same", a, {a}, none); }), "");
  const Tensor b = plus(a, a);
  EXPECT_NE(error_of<ShapeError>([&] { record("same", b, {b}, none); }), "");
}

TEST(Autograd, BackwardStartsFromTheUnitGradient) {
  const Tensor a = leaf({3});
  bool was_unit = false, was_unit_below = true;
  Tensor y =
      record("inner", full({1}, 3, DType::float64), {a}, [&](const Tensor& dy, Gradients& g) {
        was_unit_below = is_unit_gradient(dy);
        g.give(0, dy.clone());
      });
  y = record("outer", full({}, 3, DType::float64), {y}, [&](const Tensor& dy, Gradients& g) {
    was_unit = is_unit_gradient(dy);
    EXPECT_EQ(dy.item(), 1);
    g.give(0, full({1}, 1, DType::float64));
  });
  y.backward();
  EXPECT_TRUE(was_unit);
  EXPECT_FALSE(was_unit_below);
  EXPECT_FALSE(is_unit_gradient(full({}, 1)));
}

TEST(Autograd, TheUnitGradientStaysOne) {
  const Tensor a = from_values(Values{5}, {1}).set_requires_grad();
  const Tensor s = a.reshape({});
  for (int i = 0; i < 2; ++i) {
    const Tensor y = plus(a.reshape({}), s.detach());
    y.backward();  // hands the unit gradient down to the leaf
  }
  EXPECT_EQ(a.grad().item(), 2);
  a.grad().data<double>()[0] = 77;
  Tensor b = leaf({1});
  b.reshape({}).backward();
  EXPECT_EQ(b.grad().item(), 1);
}

// What backward needed is let go by the walk, though results are still held.
TEST(Autograd, TheWalkFreesTheTape) {
  const Tensor a = leaf({1, 2});
  auto saved = std::make_shared<int>(1);
  const Tensor y = record("op", full({}, 1, DType::float64), {a},
                          [saved, a](const Tensor&, Gradients& g) { g.give(0, a.clone()); });
  EXPECT_EQ(saved.use_count(), 2);
  y.backward();
  EXPECT_EQ(saved.use_count(), 1);
}

TEST(Autograd, AnErrorInAWalkFreesTheTapeToo) {
  const Tensor a = leaf({1, 2});
  auto saved = std::make_shared<int>(1);
  const Tensor x =
      record("below", a.clone(), {a}, [saved](const Tensor& dy, Gradients& g) { g.give(0, dy); });
  const Tensor y = record("above", full({}, 1, DType::float64), {x},
                          [](const Tensor&, Gradients&) { throw DeviceError("lost"); });
  EXPECT_EQ(error_of<DeviceError>([&] { y.backward(); }), "lost");
  EXPECT_EQ(saved.use_count(), 1);
  EXPECT_TRUE(grad_enabled());
}

TEST(Autograd, AnErrorInAnOpLeavesNoUnwrittenGradient) {
  const Tensor a = leaf({1, 2});
  const Tensor y = record("op", full({}, 1, DType::float64), {a}, [](const Tensor&, Gradients& g) {
    g.target(0);
    throw DeviceError("no memory for the workspace");
  });
  EXPECT_NE(error_of<DeviceError>([&] { y.backward(); }), "");
  EXPECT_FALSE(a.grad().defined());
}

TEST(Autograd, ALeafThatAsksNoMoreIsLeftOut) {
  Tensor a = leaf({1, 2});
  const Tensor b = leaf({3, 4});
  const Tensor y = plus(sum(a), sum(b));
  a.set_requires_grad(false);
  y.backward();
  EXPECT_FALSE(a.grad().defined());
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{1, 1}));
}

// Deep graphs die and are walked without deep recursion; half of them hold their inputs in the closure.
TEST(Autograd, DeepGraphsNeedNoDeepStack) {
  const auto chain = [](const Tensor& from) {
    Tensor x = from;
    for (int i = 0; i < 100000; ++i) {
      const Tensor input = x;
      if (i % 2 == 0)
        x = record("step", empty({}, DType::float64), {input},
                   [](const Tensor& dy, Gradients& g) { g.give(0, dy); });
      else
        x = record("step", empty({}, DType::float64), {input},
                   [input](const Tensor& dy, Gradients& g) { g.give(0, dy); });
    }
    return x;
  };
  const Tensor a = full({}, 1, DType::float64).set_requires_grad();
  { const Tensor dropped = chain(a); }
  chain(a).backward();
  EXPECT_EQ(a.grad().item(), 1);
}

TEST(Autograd, NodesAreWalkedOnce) {
  const Tensor a = leaf({1});
  int calls = 0;
  Tensor x = a;
  for (int i = 0; i < 30; ++i) {  // 2^30 paths
    const Tensor input = x;
    x = record("twice", input.clone(), {input, input}, [&calls](const Tensor& dy, Gradients& g) {
      ++calls;
      g.give(0, dy);
      g.give(1, dy);
    });
  }
  sum(x).backward();
  EXPECT_EQ(calls, 30);
  EXPECT_EQ(a.grad().item(), 1 << 30);
}

}  // namespace
}  // namespace weft
