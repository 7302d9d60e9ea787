#include <algorithm>
#include <string>

#include "src/data/empty_rows.h"
#include "weft/data.h"
#include "weft/error.h"

namespace weft {

Batches::Batches(const Dataset& dataset, std::int64_t batch_size, Order order)
    : dataset_(dataset), batch_size_(batch_size), order_(order) {
  if (batch_size < 1)
    throw ShapeError("batches: expected a batch size of at least 1, got " +
                     std::to_string(batch_size));
}

std::int64_t Batches::count() const { return (dataset_.size() - 1) / batch_size_ + 1; }

// The buffers are made by the first load and serve every later one; a last batch that is smaller looks
// at their first rows.
const Batch& Batches::load(std::int64_t index) {
  const std::int64_t begin = index * batch_size_;
  const std::int64_t rows = std::min(batch_size_, dataset_.size() - begin);
  if (!whole_.x.defined()) {
    const std::int64_t most = std::min(batch_size_, dataset_.size());
    whole_.x = empty({most, dataset_.features()}, DType::float32, dataset_.device());
    whole_.y = empty_rows(dataset_.labels(), most);
    source_ = dataset_.inputs().reshape({dataset_.size(), dataset_.features()});
  }
  const bool is_whole = rows == whole_.y.size(0);
  current_ = is_whole ? whole_ : Batch{whole_.x.rows(0, rows), whole_.y.rows(0, rows)};
  gather_rows_(current_.x, current_.y, source_, dataset_.labels(), begin, order_,
               dataset_.scaling());
  return current_;
}

}  // namespace weft
