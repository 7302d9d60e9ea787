#pragma once

#include <memory>
#include <vector>

#include "bench/training_step/lessons.h"
#include "weft/training_step.h"

namespace bench {

constexpr int kCheckedSteps = 5;

/// The losses of a lesson's first steps, in the order of the data: what says that two programs train the same.
std::vector<double> first_losses(const Lesson& lesson, weft::Device device);

/// The largest |a - b| / |b|; NaN where one has a NaN.
double largest_difference(const std::vector<double>& a, const std::vector<double>& b);

/// Microseconds of a step, one number a round.
struct Times {
  std::vector<double> gathered;  // with a shuffled batch gathered and scaled first
  std::vector<double> ready;     // on a batch that lies ready
};

/// A round takes as many steps as about 0.1 s holds, at least one, and waits for the device at its end.
Times time_steps(const Lesson& lesson, weft::Device device, int rounds);

}  // namespace bench
