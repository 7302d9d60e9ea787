#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

// x [rows, cols] row-major throughout. `add` adds to what is there; without it outputs are not read.

/// y[r] (+)= sum over c of x[r, c]
void row_sums(const float* x, float* y, bool add, std::int64_t rows, std::int64_t cols,
              StreamView stream);
/// y[c] (+)= sum over r of x[r, c]
void column_sums(const float* x, float* y, bool add, std::int64_t rows, std::int64_t cols,
                 StreamView stream);

/// dx[r, c] (+)= dy[r]
void row_sums_backward(const float* dy, float* dx, bool add, std::int64_t rows, std::int64_t cols,
                       StreamView stream);
/// dx[r, c] (+)= dy[c]
void column_sums_backward(const float* dy, float* dx, bool add, std::int64_t rows,
                          std::int64_t cols, StreamView stream);

/// indices[r] = the column of row r's largest element: the first of equals, the first NaN of any. For
/// cols >= 1.
void argmax(const float* x, std::int32_t* indices, std::int64_t rows, std::int64_t cols,
            StreamView stream);

/// *count += rows whose argmax is labels[r]. For cols >= 1.
void add_correct(const float* scores, const std::int32_t* labels, std::int32_t* count,
                 std::int64_t rows, std::int64_t cols, StreamView stream);

/// *count += elements i with (scores[i] > threshold) == (targets[i] > 0.5), for scores, targets [size].
void add_correct_by_threshold(const float* scores, const float* targets, float threshold,
                              std::int32_t* count, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
