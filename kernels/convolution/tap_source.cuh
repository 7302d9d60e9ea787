#pragma once

// The im2col matrix, computed where it is read: a line is a pixel, its numbers are the channels of the pixels
// that the taps of a window find from there. Forward, lines are the places of the window in the images and
// taps find pixels of the images; backward, lines are pixels of the images and taps find the places whose
// window has the pixel under that tap.

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"
#include "weft/window.h"

namespace weft::kernels {

template <bool kBackward>
struct TapSource {
  const float* data;  // [n, h, w, channels] or, backward, [n, p, q, channels]
  WindowGeometry g;
  int channels, lines, length;  // lines n p q (backward n h w) of r s channels numbers
  bool wide;                    // four channels of a pixel can be read at once
  Divisor by_columns, by_rows, by_channels, by_s, by_stride_h, by_stride_w;

  TapSource(const float* data_, const WindowGeometry& geometry, int channels_)
      : data(data_),
        g(geometry),
        channels(channels_),
        lines(product(kBackward ? g.h : g.p, kBackward ? g.w : g.q, g.n)),
        length(product(g.r, g.s, channels)),
        wide(are_aligned16(data_) && channels % 4 == 0),
        by_columns(kBackward ? g.w : g.q),
        by_rows(kBackward ? g.h : g.p),
        by_channels(channels),
        by_s(g.s),
        by_stride_h(g.stride_h),
        by_stride_w(g.stride_w) {}

  /// Numbers place .. place + 3 of a line; zeros outside.
  __device__ __forceinline__ float4 quad(int line, int place) const {
    if (!wide)
      return make_float4(value(line, place), value(line, place + 1), value(line, place + 2),
                         value(line, place + 3));
    const float* const quad = find(line, place);
    return quad == nullptr ? make_float4(0.0f, 0.0f, 0.0f, 0.0f) : load4(quad);
  }

  __device__ __forceinline__ float value(int line, int place) const {
    const float* const number = find(line, place);
    return number == nullptr ? 0.0f : *number;
  }

 private:
  /// An int, though a * b may not be one where c is 0.
  static int product(std::int64_t a, std::int64_t b, std::int64_t c) {
    return static_cast<int>(a * b * c);
  }

  __device__ __forceinline__ const float* find(int line, int place) const {
    if (line >= lines || place >= length) return nullptr;
    const int image_row = by_columns.quotient(line);
    const int column = line - image_row * (kBackward ? g.w : g.q);
    const int image = by_rows.quotient(image_row);
    const int row = image_row - image * (kBackward ? g.h : g.p);
    const int tap = by_channels.quotient(place), tap_row = by_s.quotient(tap);
    const int found_row =
        along(row, tap_row, g.stride_h, by_stride_h, g.pad_h, g.dilation_h, kBackward ? g.p : g.h);
    const int found_column = along(column, tap - tap_row * g.s, g.stride_w, by_stride_w, g.pad_w,
                                   g.dilation_w, kBackward ? g.q : g.w);
    if (found_row < 0 || found_column < 0) return nullptr;
    const std::int64_t pixel =
        (static_cast<std::int64_t>(image) * (kBackward ? g.p : g.h) + found_row) *
            (kBackward ? g.q : g.w) +
        found_column;
    return data + pixel * channels + (place - tap * channels);
  }

  /// What a tap finds along one axis; -1: nothing.
  static __device__ __forceinline__ int along(int at, int tap, int stride, const Divisor& by_stride,
                                              int pad, int dilation, int extent) {
    int found = at * stride - pad + tap * dilation;
    if constexpr (kBackward) {
      const int reach = at + pad - tap * dilation;
      found = reach < 0 ? -1 : by_stride.quotient(reach);
      if (found * stride != reach) return -1;  // the stride steps over it
    }
    return found >= 0 && found < extent ? found : -1;
  }
};

}  // namespace weft::kernels
