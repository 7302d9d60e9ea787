#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "weft/device.h"

namespace weft {
/// @addtogroup tensors
/// @{

/// Element types. float32 unless said otherwise; float64 on Device::cpu only (gradient checks).
enum class DType : std::uint8_t { float32, float64, int32, uint8 };

std::size_t size_of(DType dtype);  ///< bytes of an element
const char* name_of(DType dtype);  ///< "float32"

/// The DType of a C++ type: dtype_of<float>() is DType::float32.
/// @{
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::float32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::float64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::int32;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::uint8;
}
/// @}

/// The extents of a tensor, outermost first; rank 0 is a scalar with one element.
class Shape {
 public:
  static constexpr int kMaxRank = 6;  ///< axes

  Shape() = default;
  /// Throws ShapeError for a rank > 6, a negative extent, and a product that overflows.
  /// @{
  Shape(std::initializer_list<std::int64_t> extents);
  explicit Shape(std::span<const std::int64_t> extents);
  /// @}

  int rank() const { return rank_; }  ///< axes
  /// The extent of an axis of 0..rank()-1, unchecked.
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  std::int64_t size() const { return size_; }                    ///< product of the extents
  std::string to_string() const;                                 ///< "[100, 784]"
  friend bool operator==(const Shape&, const Shape&) = default;  ///< rank and extents

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 0;
  std::int64_t size_ = 1;
};

struct TensorState;  // src/tensor/tensor_state.h: storage, shape, gradient

/// A handle to contiguous row-major storage with a shape, a dtype and a device. Copying the handle
/// shares the storage and the gradient, as in PyTorch. Ops return new tensors; names that end in _
/// write in place. Work on Device::gpu is queued on current_stream(); only the functions marked
/// "waits" synchronise.
class Tensor {
 public:
  Tensor() = default;  ///< undefined: every call but defined() throws ShapeError
  /// For src/.
  explicit Tensor(std::shared_ptr<TensorState> state) : state_(std::move(state)) {}

  bool defined() const { return state_ != nullptr; }  ///< whether it is a tensor at all
  const Shape& shape() const;                         ///< its extents
  std::int64_t size() const;                          ///< number of elements
  std::int64_t size(int axis) const;  ///< an extent; throws ShapeError where there is none
  int rank() const;                   ///< number of axes
  DType dtype() const;                ///< the type of its elements
  Device device() const;              ///< where its memory is
  std::size_t bytes() const;          ///< of all elements

  /// The first element, in the device's memory. Throws ShapeError where T is not the dtype.
  template <class T>
  T* data() const {
    return static_cast<T*>(data(dtype_of<T>()));
  }
  void* data() const;  ///< the same, of whatever dtype

  /// A copy on `device`, queued on current_stream(); *this where it is there already. Waits where one
  /// side is the host, whose memory may be freed or read next. Not recorded for gradients.
  Tensor to(Device device) const;
  Tensor clone() const;               ///< a copy on the same device, not recorded
  Tensor reshape(Shape shape) const;  ///< view, recorded; throws ShapeError where sizes differ
  /// View of [begin, end) of axis 0, recorded; throws ShapeError where there are not so many rows.
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  Tensor detach() const;  ///< shares the storage, knows no gradient

  /// In place, from a tensor of the same shape and dtype on any device. Waits as to() does.
  void copy_from(const Tensor& source);
  /// Shares source's storage from now on (same shape and dtype); every handle to this tensor follows.
  void set_data(const Tensor& source);
  /// All elements, row by row. Throws ShapeError where T is not the dtype. Waits.
  template <class T>
  std::vector<T> to_vector() const;
  double item() const;  ///< of the only element; waits

  // Gradients (weft/autograd.h has the rules).
  bool requires_grad() const;                    ///< whether a backward pass reaches it
  Tensor& set_requires_grad(bool value = true);  ///< leaves of a floating dtype only
  Tensor grad() const;             ///< undefined until a backward pass reached this leaf
  void set_grad(Tensor gradient);  ///< same shape, dtype, device; undefined clears it
  void backward() const;           ///< from a scalar: fills grad() of every leaf that asked

  TensorState& state() const;  ///< for src/
  /// Whether both are handles to one tensor.
  friend bool same_tensor(const Tensor& a, const Tensor& b) { return a.state_ == b.state_; }

 private:
  void* data(DType expected) const;
  std::shared_ptr<TensorState> state_;
};

/// Whether a byte of one is a byte of the other, as with views of one tensor.
bool overlap(const Tensor& a, const Tensor& b);

/// A new tensor: `empty` is uninitialised, `full` holds `value` everywhere. Throws DeviceError where the device or its
/// memory is missing, ShapeError for float64 on the gpu. Does not synchronise.
/// @{
Tensor empty(Shape shape, DType dtype = DType::float32, Device device = Device::cpu);
Tensor zeros(Shape shape, DType dtype = DType::float32, Device device = Device::cpu);
Tensor full(Shape shape, double value, DType dtype = DType::float32, Device device = Device::cpu);
/// @}

/// The same in x's shape and dtype, on its device.
/// @{
Tensor empty_like(const Tensor& x);
Tensor zeros_like(const Tensor& x);
/// @}

/// Copies `values` into a tensor on Device::cpu. Throws ShapeError where the sizes differ.
/// @{
template <class T>
Tensor from_values(std::span<const T> values, Shape shape);
template <class T>
Tensor from_values(const std::vector<T>& values, Shape shape) {
  return from_values(std::span<const T>(values), std::move(shape));
}
/// @}

/// @}
}  // namespace weft
