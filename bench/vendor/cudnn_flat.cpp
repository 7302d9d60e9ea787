#include "bench/vendor/cudnn_handle.h"

namespace bench {

using namespace dnn;

// Flat arrays.

struct DnnElementwise::State {
  TensorShape flat;
  Descriptor<cudnnOpTensorDescriptor_t> add =
      make(cudnnCreateOpTensorDescriptor, cudnnDestroyOpTensorDescriptor);
  Descriptor<cudnnActivationDescriptor_t> relu =
      make(cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor);
  Descriptor<cudnnDropoutDescriptor_t> dropout =
      make(cudnnCreateDropoutDescriptor, cudnnDestroyDropoutDescriptor);
  weft::Tensor states, mask;
};

DnnElementwise::DnnElementwise(std::int64_t size)
    : state_(new State{.flat = tensor(1, 1, 1, size, Layout::nchw), .states = {}, .mask = {}}) {
  State& s = *state_;
  WEFT_CHECK(cudnnSetOpTensorDescriptor(s.add.get(), CUDNN_OP_TENSOR_ADD, CUDNN_DATA_FLOAT,
                                        CUDNN_PROPAGATE_NAN));
  WEFT_CHECK(
      cudnnSetActivationDescriptor(s.relu.get(), CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0.0));
  std::size_t states = 0, mask = 0;
  WEFT_CHECK(cudnnDropoutGetStatesSize(handle(), &states));
  WEFT_CHECK(cudnnDropoutGetReserveSpaceSize(s.flat.get(), &mask));
  s.states = bytes(states);
  s.mask = bytes(mask);
  WEFT_CHECK(
      cudnnSetDropoutDescriptor(s.dropout.get(), handle(), 0.5f, s.states.data(), states, 1));
}
DnnElementwise::~DnnElementwise() = default;

void DnnElementwise::add(const float* a, const float* b, float* y) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(
      cudnnOpTensor(handle(), state_->add.get(), &kOne, flat, a, &kOne, flat, b, &kZero, flat, y));
}

void DnnElementwise::relu(const float* x, float* y) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(cudnnActivationForward(handle(), state_->relu.get(), &kOne, flat, x, &kZero, flat, y));
}

void DnnElementwise::dropout(const float* x, float* y) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(cudnnDropoutForward(handle(), state_->dropout.get(), flat, x, flat, y,
                                 state_->mask.data(), state_->mask.bytes()));
}

// Column sums.

struct DnnColumnSums::State {
  TensorShape matrix, row;
  Descriptor<cudnnReduceTensorDescriptor_t> sum =
      make(cudnnCreateReduceTensorDescriptor, cudnnDestroyReduceTensorDescriptor);
  weft::Tensor workspace;
};

DnnColumnSums::DnnColumnSums(std::int64_t rows, std::int64_t cols)
    : state_(new State{.matrix = tensor(rows, 1, 1, cols, Layout::nchw),
                       .row = tensor(1, 1, 1, cols, Layout::nchw),
                       .workspace = {}}) {
  State& s = *state_;
  WEFT_CHECK(cudnnSetReduceTensorDescriptor(s.sum.get(), CUDNN_REDUCE_TENSOR_ADD, CUDNN_DATA_FLOAT,
                                            CUDNN_PROPAGATE_NAN, CUDNN_REDUCE_TENSOR_NO_INDICES,
                                            CUDNN_32BIT_INDICES));
  std::size_t workspace = 0;
  WEFT_CHECK(cudnnGetReductionWorkspaceSize(handle(), s.sum.get(), s.matrix.get(), s.row.get(),
                                            &workspace));
  s.workspace = bytes(workspace);
}
DnnColumnSums::~DnnColumnSums() = default;

void DnnColumnSums::run(const float* x, float* y) const {
  WEFT_CHECK(cudnnReduceTensor(handle(), state_->sum.get(), nullptr, 0, state_->workspace.data(),
                               state_->workspace.bytes(), &kOne, state_->matrix.get(), x, &kZero,
                               state_->row.get(), y));
}

}  // namespace bench
