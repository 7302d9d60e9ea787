#pragma once

#include <cstdint>

namespace weft::cpu {

// The twins of kernels/reduction/reduction.h, for float and double.

template <class T>
void row_sums(const T* x, T* y, bool add, std::int64_t rows, std::int64_t cols);
template <class T>
void column_sums(const T* x, T* y, bool add, std::int64_t rows, std::int64_t cols);

template <class T>
void row_sums_backward(const T* dy, T* dx, bool add, std::int64_t rows, std::int64_t cols);
template <class T>
void column_sums_backward(const T* dy, T* dx, bool add, std::int64_t rows, std::int64_t cols);

template <class T>
void argmax(const T* x, std::int32_t* indices, std::int64_t rows, std::int64_t cols);
template <class T>
void add_correct(const T* scores, const std::int32_t* labels, std::int32_t* count,
                 std::int64_t rows, std::int64_t cols);

/// *count += elements i with (scores[i] > threshold) == (targets[i] > 0.5), for scores, targets [size].
void add_correct_by_threshold(const float* scores, const float* targets, float threshold,
                              std::int32_t* count, std::int64_t size);

}  // namespace weft::cpu
