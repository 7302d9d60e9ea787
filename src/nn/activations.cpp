#include "weft/nn/layers.h"
#include "weft/ops/activation.h"
#include "weft/ops/softmax.h"

namespace weft::nn {

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x); }
Tensor Tanh::forward(const Tensor& x) { return tanh(x); }
Tensor ReLU::forward(const Tensor& x) { return relu(x); }

LeakyReLU::LeakyReLU(double slope_) : slope(slope_) {
  leaky_relu(zeros({0}), slope);  // refuses a slope that is none
}
Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, slope); }

Tensor Softmax::forward(const Tensor& x) { return softmax(x); }
Tensor LogSoftmax::forward(const Tensor& x) { return log_softmax(x); }

}  // namespace weft::nn
