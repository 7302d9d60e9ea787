#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/double_ops.h"
#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::error_of;
using namespace test::double_ops;

// x squared, whose backward gives factor x dy (right for 2), and 0.01 too much at index spoil_at.
Tensor square_with_gradient(const Tensor& x, double factor, double spoil_at = -1) {
  return record("square", map(x, x, times), {x}, [=](const Tensor& dy, Gradients& g) {
    Tensor dx = empty_like(x);
    for (std::int64_t i = 0; i < x.size(); ++i)
      dx.data<double>()[i] = factor * x.data<double>()[i] * dy.data<double>()[i] +
                             (static_cast<double>(i) == spoil_at ? 0.01 : 0);
    g.give(0, dx);
  });
}

TEST(GradientCheck, AcceptsARightBackward) {
  const std::vector<Tensor> inputs{leaf({1, -2, 0.5}), leaf({3, 0.1, -1})};
  EXPECT_EQ(gradient_check([](const auto& x) { return multiply(plus(x[0], x[1]), x[0]); }, inputs),
            "");
  EXPECT_EQ(
      gradient_check([](const auto& x) { return square_with_gradient(x[0], 2); }, {inputs[0]}), "");
  EXPECT_FALSE(inputs[0].grad().defined()) << "the caller's tensors are left alone";
}

TEST(GradientCheck, CatchesAWrongBackward) {
  const std::vector<Tensor> inputs{leaf({1, -2, 0.5})};
  const auto with = [&](double factor, double spoil_at) {
    return gradient_check(
        [=](const auto& x) { return square_with_gradient(x[0], factor, spoil_at); }, inputs);
  };
  EXPECT_NE(with(2.01, -1).find("input 0, index 0: backward gives"), std::string::npos)
      << with(2.01, -1);
  EXPECT_NE(with(-2, -1), "");
  EXPECT_NE(with(std::nan(""), -1), "");
  EXPECT_NE(with(2, 2).find("input 0, index 2"), std::string::npos);
  EXPECT_NE(gradient_check(
                [](const auto& x) {
                  return record("forgets", map(x[0], x[0], times), {x[0]},
                                [](const Tensor&, Gradients&) {});
                },
                inputs),
            "");
  EXPECT_NE(gradient_check([](const auto& x) { return map(x[0], x[0], times); }, inputs), "")
      << "an op that does not record";
}

TEST(GradientCheck, CatchesABackwardThatVaries) {
  int calls = 0;
  const auto varies = [&](const std::vector<Tensor>& x) {
    return square_with_gradient(x[0], 2 + 1e-12 * ++calls);
  };
  EXPECT_NE(gradient_check(varies, {leaf({1, 2})}).find("the second time"), std::string::npos);
}

TEST(GradientCheck, WantsDoubles) {
  const auto same = [](const std::vector<Tensor>& x) { return plus(x[0], x[0]); };
  EXPECT_NE(error_of<ShapeError>([&] { gradient_check(same, {zeros({2})}); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { gradient_check(same, {}); }), "");
  EXPECT_EQ(gradient_check(same, {leaf({})}), "") << "nothing to check, nothing wrong";
}

}  // namespace
}  // namespace weft
