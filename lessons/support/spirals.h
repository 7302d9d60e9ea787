#pragma once

// The spirals of lessons 12 and 18: three arms of points that wind around one another, which no straight
// border parts.

#include <cstdint>
#include <string>
#include <vector>

#include "weft/data.h"
#include "weft/figures.h"
#include "weft/nn.h"
#include "weft/ops/random.h"

namespace lessons {

/// Points with the number of their arm, arm after arm: in this order a small batch holds a single class.
struct Spirals {
  static constexpr int kArms = 3, kPointsOfArm = 500;
  static constexpr int kSmokePointsOfArm = 100;

  std::vector<float> x;              // [points, 2]
  std::vector<std::int32_t> labels;  // [points]

  weft::Dataset dataset() const;
};

/// Arm j winds outwards, its radius from 0 to 1 and its angle from 4j to 4j + 4 (radians) plus
/// 0.2 x normal.
Spirals draw_spirals(weft::Generator& generator, int points_of_arm);

/// The points over what a model decides.
weft::Chart decision_chart(const std::string& title, const Spirals& spirals,
                           weft::nn::Module& model, weft::Device device);

}  // namespace lessons
