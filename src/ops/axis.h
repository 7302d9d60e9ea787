#pragma once

#include <string>

#include "src/ops/check.h"

namespace weft::ops {

/// The axis that a user means, 0..rank-1: a negative one counts from the end.
inline int axis_of(const char* op, const Shape& shape, int axis, int rank) {
  if (axis < -rank || axis >= rank)
    fail(op, "expected an axis of " + std::to_string(-rank) + " to " + std::to_string(rank - 1) +
                 " for " + shape.to_string() + ", got " + std::to_string(axis));
  return axis < 0 ? axis + rank : axis;
}

}  // namespace weft::ops
