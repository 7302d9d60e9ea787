#pragma once

#include "kernels/primitives/row_plan.h"
#include "weft/device.h"
#include "weft/tensor.h"

namespace weft::ops {

/// How softmax's kernels take the rows of a matrix on this GPU, and the workspace for that.
struct RowWork {
  kernels::RowPlan plan;
  Tensor workspace;  // undefined where none is needed

  RowWork(kernels::RowLimits limits, std::int64_t rows, std::int64_t cols)
      : plan(kernels::plan_rows(limits, cols, gpu_properties().shared_bytes_per_block)) {
    const std::int64_t floats = kernels::row_workspace(plan, rows, cols);
    if (floats > 0) workspace = empty({floats}, DType::float32, Device::gpu);
  }
  float* data() const { return workspace.defined() ? workspace.data<float>() : nullptr; }
};

}  // namespace weft::ops
