#include <string>

#include "weft/data.h"
#include "weft/error.h"

namespace weft {

Dataset::Dataset(Tensor inputs, Tensor labels, std::int64_t classes, Scaling scaling)
    : inputs_(std::move(inputs)), labels_(std::move(labels)), classes_(classes), scaling_(scaling) {
  if (inputs_.rank() < 1 || (inputs_.dtype() != DType::uint8 && inputs_.dtype() != DType::float32))
    throw ShapeError(std::string("dataset: expected inputs [n, ...] of uint8 or float32, got ") +
                     name_of(inputs_.dtype()) + " " + inputs_.shape().to_string());
  if (labels_.rank() != 1 || labels_.dtype() != DType::int32)
    throw ShapeError(std::string("dataset: expected labels [n] of int32, got ") +
                     name_of(labels_.dtype()) + " " + labels_.shape().to_string());
  if (inputs_.device() != labels_.device())
    throw ShapeError(std::string("dataset: expected inputs and labels on one device, got the ") +
                     name_of(inputs_.device()) + " and the " + name_of(labels_.device()));
  if (inputs_.size(0) != labels_.size())
    throw ShapeError("dataset: expected a label for each of " + std::to_string(inputs_.size(0)) +
                     " inputs, got " + std::to_string(labels_.size()));
  if (labels_.size() == 0) throw ShapeError("dataset: expected samples, got none");
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
  Batch batch{empty({count, features()}, DType::float32, device()),
              empty({count}, DType::int32, device())};
  gather_rows_(batch.x, batch.y, inputs_.reshape({size(), features()}), labels_, begin, order,
               scaling_);
  return batch;
}

}  // namespace weft
