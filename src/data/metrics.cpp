#include "weft/metrics.h"

#include <algorithm>
#include <string>

#include "weft/error.h"
#include "weft/ops/confusion.h"
#include "weft/ops/reduction.h"

namespace weft {

Metrics::Metrics(Device device)
    : losses_(empty({0}, DType::float32, device)), correct_(zeros({}, DType::int32, device)) {}

void Metrics::reset() {
  rows_.clear();
  scored_ = 0;
  correct_ = zeros_like(correct_);
  confusion_ = {};
}

void Metrics::reserve(std::int64_t batches) {
  if (batches <= losses_.size()) return;
  Tensor larger = empty({batches}, DType::float32, losses_.device());
  const auto used = static_cast<std::int64_t>(rows_.size());
  larger.rows(0, used).copy_from(losses_.rows(0, used));
  losses_ = larger;
  rows_.reserve(static_cast<std::size_t>(batches));
}

void Metrics::add_loss(const Tensor& loss, std::int64_t rows) {
  if (loss.size() != 1)
    throw ShapeError("metrics: expected a scalar loss, got " + loss.shape().to_string());
  if (loss.dtype() != DType::float32 && loss.dtype() != DType::float64)
    throw ShapeError(std::string("metrics: expected a loss of float32 or float64, got ") +
                     name_of(loss.dtype()));
  if (rows < 1) throw ShapeError("metrics: expected a loss over rows, got " + std::to_string(rows));
  const auto next = static_cast<std::int64_t>(rows_.size());
  if (next == losses_.size()) reserve(std::max<std::int64_t>(64, 2 * next));
  if (loss.dtype() == DType::float64)  // on the CPU, where there is nothing to wait for
    losses_.rows(next, next + 1).copy_from(full({1}, loss.item()));
  else
    losses_.rows(next, next + 1).copy_from(loss.detach().reshape({1}));
  rows_.push_back(rows);
}

void Metrics::add_correct(const Tensor& scores, const Tensor& labels) {
  add_correct_(correct_, scores, labels);
  scored_ += labels.size();
}

void Metrics::add_correct(const Tensor& scores, const Tensor& targets, double threshold) {
  add_correct_(correct_, scores, targets, threshold);
  scored_ += targets.size();
}

void Metrics::add_confusion(const Tensor& scores, const Tensor& labels) {
  Tensor counts = confusion_;
  if (!counts.defined() && scores.rank() == 2)  // of another rank: the op says so
    counts = zeros({scores.size(1), scores.size(1)}, DType::int32, correct_.device());
  add_confusion_(counts, scores, labels);
  confusion_ = counts;
}

Summary Metrics::read() const {
  Summary summary;
  summary.losses = losses_.rows(0, static_cast<std::int64_t>(rows_.size())).to_vector<float>();
  double sum = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    sum += static_cast<double>(summary.losses[i]) * static_cast<double>(rows_[i]);
    summary.rows += rows_[i];
  }
  if (summary.rows > 0) summary.loss = sum / static_cast<double>(summary.rows);
  if (rows_.empty()) summary.rows = scored_;
  summary.correct = static_cast<std::int64_t>(correct_.item());
  if (confusion_.defined()) {
    const auto counts = confusion_.to_vector<std::int32_t>();
    summary.confusion.assign(counts.begin(), counts.end());
  }
  return summary;
}

}  // namespace weft
