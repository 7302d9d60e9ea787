#include "src/ops/window.h"

#include <string>

#include "src/ops/check.h"

namespace weft::ops {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 30;  // sums of two still fit an int

void require_range(const char* op, const char* name, Size2d size, std::int64_t least) {
  if (size.h < least || size.w < least || size.h > kLargest || size.w > kLargest)
    fail(op, "expected " + std::string(name) + " of " + std::to_string(least) +
                 " or more (and at most 2^30), got " + to_string(size));
}

}  // namespace

WindowGeometry window_geometry(const char* op, const Tensor& x, Size2d window, Size2d stride,
                               Size2d padding, Size2d dilation) {
  require_rank(op, "x [n, h, w, c]", x, 4);
  require_range(op, "a window", window, 1);
  require_range(op, "a stride", stride, 1);
  require_range(op, "a padding", padding, 0);
  require_range(op, "a dilation", dilation, 1);
  for (int axis = 0; axis < 4; ++axis)
    if (x.size(axis) > kLargest)
      fail(op, "expected extents of at most 2^30, got x " + x.shape().to_string());
  const Size2d reach = {dilation.h * (window.h - 1) + 1, dilation.w * (window.w - 1) + 1};
  const Size2d room = {x.size(1) + 2 * padding.h, x.size(2) + 2 * padding.w};
  if (reach.h > room.h || reach.w > room.w || room.h > kLargest || room.w > kLargest)
    fail(op, "expected a window within the padded image, got a window that spans " +
                 to_string(reach) + " and an image of " + to_string(room) + " with its padding");
  const auto narrow = [](std::int64_t extent) { return static_cast<int>(extent); };
  return {.n = narrow(x.size(0)),
          .h = narrow(x.size(1)),
          .w = narrow(x.size(2)),
          .c = narrow(x.size(3)),
          .r = narrow(window.h),
          .s = narrow(window.w),
          .p = narrow(window_places(x.size(1), window.h, stride.h, padding.h, dilation.h)),
          .q = narrow(window_places(x.size(2), window.w, stride.w, padding.w, dilation.w)),
          .stride_h = narrow(stride.h),
          .stride_w = narrow(stride.w),
          .pad_h = narrow(padding.h),
          .pad_w = narrow(padding.w),
          .dilation_h = narrow(dilation.h),
          .dilation_w = narrow(dilation.w)};
}

}  // namespace weft::ops
