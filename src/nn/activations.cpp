#include "weft/nn.h"
#include "weft/ops/activation.h"

namespace weft::nn {

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x); }
Tensor Tanh::forward(const Tensor& x) { return tanh(x); }
Tensor ReLU::forward(const Tensor& x) { return relu(x); }

LeakyReLU::LeakyReLU(double slope_) : slope(slope_) {
  leaky_relu(zeros({0}), slope);  // refuses a slope that is none
}
Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, slope); }

}  // namespace weft::nn
