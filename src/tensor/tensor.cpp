#include "weft/tensor.h"

#include <string>

#include "src/device/pool.h"
#include "src/tensor/tensor_state.h"
#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {

// current_stream() throws where there is no gpu, before anything is allocated.
Storage::Storage(std::size_t size, Device where)
    : bytes(size),
      device(where),
      stream(where == Device::gpu ? current_stream() : StreamView()),
      memory(size == 0 ? nullptr : pool_of(where).allocate(size, stream)) {}

Storage::~Storage() {
  if (memory != nullptr) pool_of(device).release(memory, bytes, stream);
}

TensorState& Tensor::state() const {
  if (state_ == nullptr) throw ShapeError("tensor: expected a tensor, got an undefined one");
  return *state_;
}

const Shape& Tensor::shape() const { return state().shape; }
std::int64_t Tensor::size() const { return state().shape.size(); }
int Tensor::rank() const { return state().shape.rank(); }
DType Tensor::dtype() const { return state().dtype; }
Device Tensor::device() const { return state().storage->device; }
void* Tensor::data() const { return state().data; }

std::int64_t Tensor::size(int axis) const {
  if (axis < 0 || axis >= rank())
    throw ShapeError("size: expected an axis of " + shape().to_string() + ", got " +
                     std::to_string(axis));
  return shape()[axis];
}

std::size_t Tensor::bytes() const { return static_cast<std::size_t>(size()) * size_of(dtype()); }

void* Tensor::data(DType expected) const {
  const TensorState& self = state();
  if (self.dtype != expected)
    throw ShapeError(std::string("data: expected a tensor of ") + name_of(expected) + ", got " +
                     name_of(self.dtype) + " " + self.shape.to_string());
  return self.data;
}

Tensor Tensor::detach() const {
  const TensorState& self = state();
  return Tensor(std::make_shared<TensorState>(self.storage, self.data, self.shape, self.dtype));
}

Tensor Tensor::reshape(Shape shape) const {
  const TensorState& self = state();
  if (shape.size() != self.shape.size())
    throw ShapeError("reshape: expected " + std::to_string(self.shape.size()) + " elements as in " +
                     self.shape.to_string() + ", got " + shape.to_string());
  Tensor view(std::make_shared<TensorState>(self.storage, self.data, shape, self.dtype));
  if (!needs_grad({this})) return view;
  return record("reshape", std::move(view), {*this},
                [from = self.shape](const Tensor& dy, Gradients& gradients) {
                  if (gradients.wanted(0)) gradients.give(0, dy.reshape(from));
                });
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  const TensorState& self = state();
  if (self.shape.rank() == 0) throw ShapeError("rows: expected a tensor with rows, got a scalar");
  const std::int64_t count = self.shape[0];
  if (begin < 0 || begin > end || end > count)
    throw ShapeError("rows: expected a range within " + std::to_string(count) + " rows, got " +
                     std::to_string(begin) + " to " + std::to_string(end));
  std::array<std::int64_t, Shape::kMaxRank> extents{end - begin};
  for (int axis = 1; axis < self.shape.rank(); ++axis)
    extents[static_cast<std::size_t>(axis)] = self.shape[axis];
  const std::int64_t row = count == 0 ? 0 : self.shape.size() / count;  // elements
  const Shape shape(
      std::span<const std::int64_t>(extents.data(), static_cast<std::size_t>(rank())));
  void* first = self.data;
  if (first != nullptr)
    first = static_cast<std::byte*>(first) +
            static_cast<std::size_t>(begin * row) * size_of(self.dtype);
  Tensor view(std::make_shared<TensorState>(self.storage, first, shape, self.dtype));
  if (!needs_grad({this})) return view;
  return record("rows", std::move(view), {*this},
                [from = self.shape, begin, end](const Tensor& dy, Gradients& gradients) {
                  if (!gradients.wanted(0)) return;
                  const Tensor dx = zeros(from, dy.dtype(), dy.device());
                  dx.rows(begin, end).copy_from(dy);
                  gradients.give(0, dx);
                });
}

void Tensor::set_data(const Tensor& source) {
  TensorState& self = state();
  const TensorState& from = source.state();
  if (from.shape != self.shape || from.dtype != self.dtype)
    throw ShapeError(std::string("set_data: expected ") + name_of(self.dtype) + " " +
                     self.shape.to_string() + ", got " + name_of(from.dtype) + " " +
                     from.shape.to_string());
  if (self.node != nullptr)
    throw ShapeError("set_data: expected a leaf, got the recorded result of an op");
  self.storage = from.storage;
  self.data = from.data;
}

bool Tensor::requires_grad() const {
  const TensorState& self = state();
  return self.requires_grad || self.node != nullptr;
}

Tensor& Tensor::set_requires_grad(bool value) {
  TensorState& self = state();
  if (self.node != nullptr)
    throw ShapeError("set_requires_grad: expected a leaf, got the recorded result of an op");
  if (value && self.dtype != DType::float32 && self.dtype != DType::float64)
    throw ShapeError(std::string("set_requires_grad: expected a floating dtype, got ") +
                     name_of(self.dtype));
  self.requires_grad = value;
  return *this;
}

Tensor Tensor::grad() const { return state().grad; }

void Tensor::set_grad(Tensor gradient) {
  TensorState& self = state();
  if (gradient.defined()) {
    if (gradient.shape() != self.shape || gradient.dtype() != self.dtype ||
        gradient.device() != self.storage->device)
      throw ShapeError(std::string("set_grad: expected ") + name_of(self.dtype) + " " +
                       self.shape.to_string() + " on the " + name_of(self.storage->device) +
                       ", got " + name_of(gradient.dtype()) + " " + gradient.shape().to_string() +
                       " on the " + name_of(gradient.device()));
    if (&gradient.state() == &self)
      throw ShapeError("set_grad: a tensor cannot be its own gradient");
  }
  self.grad = std::move(gradient);
}

void Tensor::backward() const { weft::backward(*this); }

}  // namespace weft
