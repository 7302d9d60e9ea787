#include "support/divergence.h"

#include <algorithm>
#include <cmath>

#include "weft/ops/reduction.h"

namespace lessons {

using namespace weft;

namespace {

constexpr const char* kNotRepeatable =
    "where it began cannot be told: the same steps, taken again, gave other losses, as they do "
    "with dropout, which draws new masks";

bool all_finite(const Tensor& x) {
  if (x.size() == 0 || x.dtype() != DType::float32) return true;
  if (std::isfinite(l2_norm(x).item())) return true;
  const auto values = x.to_vector<float>();  // the squares of finite numbers may overflow
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

std::string layer_of(const std::string& parameter) {  // "2" of "2.weight"
  const auto dot = parameter.rfind('.');
  return dot == std::string::npos ? "" : parameter.substr(0, dot);
}

// The backward pass comes from the loss, so the layer nearest to it was the first one: the last in the
// model's order. Of that layer, the parameter that is named first. Empty where all gradients are finite.
std::string first_bad_gradient(const nn::Module& model) {
  std::string name;
  const nn::NamedTensors parameters = model.named_parameters();
  for (auto i = parameters.rbegin(); i != parameters.rend(); ++i) {
    if (!name.empty() && layer_of(i->first) != layer_of(name)) break;
    const Tensor gradient = i->second.grad();
    if (gradient.defined() && !all_finite(gradient)) name = i->first;
  }
  return name;
}

std::string first_bad_value(const nn::Module& model) {
  for (const auto& [name, value] : model.named_state())
    if (!all_finite(value)) return name;
  return "";
}

bool is_same(float a, float b) { return a == b || (!std::isfinite(a) && !std::isfinite(b)); }

}  // namespace

Divergence::Divergence(WatchedTraining training) : training_(std::move(training)) {
  const auto add = [&](const Tensor& x) { kept_.push_back({x, empty_like(x)}); };
  add(training_.optimizer.values());
  for (const Tensor& x : training_.optimizer.state()) add(x);
  for (const auto& [name, x] : training_.model.named_buffers()) add(x);
  keep();
}

void Divergence::keep() {
  for (Kept& kept : kept_) kept.copy.copy_from(kept.from.detach());
}

std::string Divergence::trace(int epoch, const std::vector<float>& losses, std::size_t steps_before,
                              int epochs) const {
  for (const Kept& kept : kept_) Tensor(kept.from).copy_from(kept.copy);
  training_.optimizer.zero_grad();

  const int first = epoch - epochs + 1;
  std::string bad_value = first_bad_value(training_.model);  // the first to be lost, and when
  std::string since = bad_value.empty() ? "" : "before epoch " + std::to_string(first);
  const auto in_values = [&] { return "values of " + bad_value + " that are not finite"; };
  std::size_t step = 0;
  for (int now = first; now <= epoch; ++now)
    for (const Batch& batch : training_.batches(now)) {
      if (step == losses.size()) break;
      const Tensor loss = training_.loss(batch);
      const float before = losses[step++];
      if (!is_same(before, static_cast<float>(loss.item()))) return kNotRepeatable;
      loss.backward();
      const std::string number = std::to_string(steps_before + step);
      const std::string gradient = first_bad_gradient(training_.model);
      if (!gradient.empty()) {
        return "the first gradient that was not finite was that of " + gradient + ", at step " +
               number +
               (bad_value.empty() ? "" : "; it had met " + in_values() + " since " + since);
      }
      training_.optimizer.step();
      if (!bad_value.empty()) continue;
      bad_value = first_bad_value(training_.model);
      since = "the update of step " + number;
    }
  return std::string("every gradient of the ") + (epochs == 1 ? "epoch" : "epochs") +
         " was finite" +
         (bad_value.empty() ? "" : ", but there were " + in_values() + " since " + since);
}

}  // namespace lessons
