#pragma once

// What a Tensor handle points to. Storage is a block of the pool; several tensors may look at it.

#include <cstddef>
#include <memory>

#include "weft/stream.h"
#include "weft/tensor.h"

namespace weft {

/// A block of memory that goes back to the pool of its device with its last tensor, on the stream it
/// was allocated for.
struct Storage {
  Storage(std::size_t size, Device where);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::size_t bytes;
  Device device;
  StreamView stream;  // gpu only
  void* memory;       // null for no bytes
};

struct Node;  // src/tensor/tape.h

struct TensorState : std::enable_shared_from_this<TensorState> {
  TensorState(std::shared_ptr<Storage> block, void* first, const Shape& extents, DType type)
      : storage(std::move(block)), data(first), shape(extents), dtype(type) {}

  std::shared_ptr<Storage> storage;
  void* data;  // the first element, inside the storage
  Shape shape;
  DType dtype;
  bool requires_grad = false;  // of a leaf; what an op recorded has a node
  Tensor grad;
  std::shared_ptr<Node> node;  // how it was computed; null for a leaf
};

}  // namespace weft
