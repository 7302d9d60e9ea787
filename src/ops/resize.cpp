#include "weft/ops/resize.h"

#include <algorithm>
#include <string>

#include "kernels/resize/resize_area.h"
#include "src/cpu/resize.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/stream.h"

namespace weft {
namespace {

constexpr const char* kOp = "resize_area";
constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;  // along an axis

void check(const Tensor& images, Size2d size) {
  if (images.rank() != 3 && images.rank() != 4)
    ops::fail(kOp, "expected images [n, h, w, c] or [n, h, w], got " + images.shape().to_string());
  if (images.dtype() != DType::uint8 && images.dtype() != DType::float32 &&
      images.dtype() != DType::float64)
    ops::fail(kOp, "expected images of uint8, float32 or float64, got " +
                       std::string(name_of(images.dtype())));
  for (const int axis : {1, 2})
    if (images.size(axis) < 1 || images.size(axis) > kMostPixels)
      ops::fail(kOp,
                "expected images of 1 to 2^30 rows and columns, got " + images.shape().to_string());
  if (std::min(size.h, size.w) < 1 || std::max(size.h, size.w) > kMostPixels)
    ops::fail(kOp, "expected a size of 1 to 2^30 rows and columns, got " + std::to_string(size.h) +
                       " x " + std::to_string(size.w));
}

}  // namespace

Tensor resize_area(const Tensor& images, Size2d size) {
  const ops::ProfileScope scope(kOp, images.device());
  check(images, size);
  const std::int64_t n = images.size(0), h = images.size(1), w = images.size(2);
  const std::int64_t c = images.rank() == 4 ? images.size(3) : 1;
  const Shape shape = images.rank() == 4 ? Shape{n, size.h, size.w, c} : Shape{n, size.h, size.w};
  const bool is_wide = images.dtype() == DType::float64;
  const Tensor y = empty(shape, is_wide ? DType::float64 : DType::float32, images.device());
  if (y.size() == 0) return y;
  const auto run = [&]<class Source, class T>(const Source* from, T* to) {
    if (images.device() == Device::cpu)
      cpu::resize_area(from, to, n, h, w, c, size.h, size.w);
    else if constexpr (std::is_same_v<T, float>)  // float64 is on the CPU only
      kernels::resize_area(from, to, n, h, w, c, size.h, size.w, current_stream());
  };
  if (images.dtype() == DType::uint8)
    run(images.data<std::uint8_t>(), y.data<float>());
  else if (is_wide)
    run(images.data<double>(), y.data<double>());
  else
    run(images.data<float>(), y.data<float>());
  return y;
}

}  // namespace weft
