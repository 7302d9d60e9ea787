#include <algorithm>
#include <limits>
#include <string>

#include "weft/error.h"
#include "weft/tensor.h"

namespace weft {
namespace {

// Every dtype has at most 8 bytes: a size under this limit has a number of bytes that fits as well.
constexpr std::int64_t kMaxSize = std::numeric_limits<std::int64_t>::max() / 8;

std::string list(std::span<const std::int64_t> extents) {
  std::string text = "[";
  for (std::size_t i = 0; i < extents.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(extents[i]);
  return text + "]";
}

}  // namespace

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return 4;
    case DType::float64:
      return 8;
    case DType::int32:
      return 4;
    case DType::uint8:
      return 1;
  }
  return 0;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
    case DType::int32:
      return "int32";
    case DType::uint8:
      return "uint8";
  }
  return "unknown";
}

Shape::Shape(std::initializer_list<std::int64_t> extents)
    : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::int64_t> extents) {
  if (extents.size() > kMaxRank)
    throw ShapeError("shape: expected at most " + std::to_string(kMaxRank) + " axes, got " +
                     list(extents));
  rank_ = static_cast<int>(extents.size());
  std::copy(extents.begin(), extents.end(), extents_.begin());
  bool is_empty = false;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw ShapeError("shape: expected no negative extent, got " + list(extents));
    is_empty = is_empty || extent == 0;
  }
  if (is_empty) {
    size_ = 0;
    return;
  }
  for (const std::int64_t extent : extents) {
    if (extent > kMaxSize / size_)
      throw ShapeError("shape: expected at most 2^60 elements, got " + list(extents));
    size_ *= extent;
  }
}

std::string Shape::to_string() const {
  return list(std::span<const std::int64_t>(extents_.data(), static_cast<std::size_t>(rank_)));
}

}  // namespace weft
