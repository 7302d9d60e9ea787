#include <span>
#include <string>
#include <vector>

#include "src/data/empty_rows.h"
#include "weft/data.h"
#include "weft/error.h"

namespace weft {
namespace {

void check(const Tensor& inputs, const char* name, const Tensor& labels) {
  if (inputs.rank() < 1 || (inputs.dtype() != DType::uint8 && inputs.dtype() != DType::float32))
    throw ShapeError(std::string("dataset: expected inputs [n, ...] of uint8 or float32, got ") +
                     name_of(inputs.dtype()) + " " + inputs.shape().to_string());
  if (inputs.device() != labels.device())
    throw ShapeError("dataset: expected inputs and " + std::string(name) +
                     "s on one device, got the " + name_of(inputs.device()) + " and the " +
                     name_of(labels.device()));
  if (inputs.size(0) != labels.size(0))
    throw ShapeError("dataset: expected a " + std::string(name) + " for each of " +
                     std::to_string(inputs.size(0)) + " inputs, got " +
                     std::to_string(labels.size(0)));
  if (labels.size(0) == 0) throw ShapeError("dataset: expected samples, got none");
}

}  // namespace

Tensor empty_rows(const Tensor& like, std::int64_t rows) {
  std::vector<std::int64_t> extents{rows};
  for (int axis = 1; axis < like.rank(); ++axis) extents.push_back(like.size(axis));
  return empty(Shape(std::span<const std::int64_t>(extents)), like.dtype(), like.device());
}

Dataset::Dataset(Tensor inputs, Tensor targets, Scaling scaling)
    : inputs_(std::move(inputs)), labels_(std::move(targets)), classes_(0), scaling_(scaling) {
  if (labels_.rank() < 1 || labels_.dtype() != DType::float32)
    throw ShapeError(std::string("dataset: expected targets [n, ...] of float32, got ") +
                     name_of(labels_.dtype()) + " " + labels_.shape().to_string());
  check(inputs_, "target", labels_);
}

Dataset::Dataset(Tensor inputs, Tensor labels, std::int64_t classes, Scaling scaling)
    : inputs_(std::move(inputs)), labels_(std::move(labels)), classes_(classes), scaling_(scaling) {
  if (labels_.rank() != 1 || labels_.dtype() != DType::int32)
    throw ShapeError(std::string("dataset: expected labels [n] of int32, got ") +
                     name_of(labels_.dtype()) + " " + labels_.shape().to_string());
  check(inputs_, "label", labels_);
  if (classes < 1)
    throw ShapeError("dataset: expected at least 1 class, got " + std::to_string(classes));
  const Tensor on_host = labels_.to(Device::cpu);
  const std::int32_t* const label = on_host.data<std::int32_t>();
  for (std::int64_t i = 0; i < labels_.size(); ++i)
    if (label[i] < 0 || label[i] >= classes)
      throw ShapeError("dataset: expected labels 0 to " + std::to_string(classes - 1) + ", got " +
                       std::to_string(label[i]) + " at index " + std::to_string(i));
}

Dataset Dataset::to(Device device) const {
  Dataset moved = *this;  // its labels are checked
  moved.inputs_ = inputs_.to(device);
  moved.labels_ = labels_.to(device);
  return moved;
}

Dataset Dataset::first(std::int64_t count) const {
  if (count < 1 || count > size())
    throw ShapeError("dataset: expected a count of 1 to " + std::to_string(size()) + ", got " +
                     std::to_string(count));
  Dataset part = *this;
  part.inputs_ = inputs_.rows(0, count);
  part.labels_ = labels_.rows(0, count);
  return part;
}

std::int64_t Dataset::features() const { return inputs_.size() / size(); }

Batches Dataset::batches(std::int64_t batch_size, Order order) const {
  return {*this, batch_size, order};
}

Batch Dataset::gather(std::int64_t begin, std::int64_t count, Order order) const {
  if (count < 0 || begin < 0 || begin > size() || count > size() - begin)
    throw ShapeError("dataset: expected rows within " + std::to_string(size()) + ", got " +
                     std::to_string(count) + " from " + std::to_string(begin));
  Batch batch{empty({count, features()}, DType::float32, device()), empty_rows(labels_, count)};
  gather_rows_(batch.x, batch.y, inputs_.reshape({size(), features()}), labels_, begin, order,
               scaling_);
  return batch;
}

}  // namespace weft
