#include <algorithm>
#include <cmath>
#include <vector>

#include "weft/error.h"
#include "weft/io.h"
#include "weft/ops/resize.h"

namespace weft {

Tensor resize_pictures(const Tensor& pictures, Size2d size) {
  if (pictures.dtype() != DType::uint8 || pictures.device() != Device::cpu || pictures.rank() < 3)
    throw ShapeError(
        "resize_pictures: expected pictures of uint8 on the cpu, [n, h, w] or [n, h, "
        "w, c], got " +
        std::string(name_of(pictures.dtype())) + " " + pictures.shape().to_string() + " on the " +
        name_of(pictures.device()));
  if (Size2d(pictures.size(1), pictures.size(2)) == size) return pictures;
  const Tensor resized = resize_area(pictures, size);
  Tensor bytes = empty(resized.shape(), DType::uint8);
  const float* const from = resized.data<float>();
  std::uint8_t* const to = bytes.data<std::uint8_t>();
  for (std::int64_t i = 0; i < bytes.size(); ++i)
    to[i] = static_cast<std::uint8_t>(std::clamp(std::lround(from[i]), 0L, 255L));
  return bytes;
}

}  // namespace weft
