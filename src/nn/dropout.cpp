#include "weft/ops/dropout.h"

#include "weft/nn/layers.h"

namespace weft::nn {

Dropout::Dropout(double p_, Generator& generator) : p(p_), key_(generator.next()) {
  dropout(zeros({0}), p, key_);  // refuses a p that is no probability
}

Tensor Dropout::forward(const Tensor& x) {
  if (!is_training()) return x;
  const Tensor y = dropout(x, p, key_);
  ++key_.step;
  return y;
}

}  // namespace weft::nn
