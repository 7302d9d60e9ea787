#include "bench/vendor/cudnn_handle.h"

namespace bench {

using namespace dnn;

// Flat arrays.

struct DnnElementwise::State {
  TensorShape flat;
  Descriptor<cudnnOpTensorDescriptor_t> add =
      make(cudnnCreateOpTensorDescriptor, cudnnDestroyOpTensorDescriptor);
  Descriptor<cudnnActivationDescriptor_t> relu = activation(CUDNN_ACTIVATION_RELU);
  Descriptor<cudnnActivationDescriptor_t> sigmoid = activation(CUDNN_ACTIVATION_SIGMOID);
  Descriptor<cudnnDropoutDescriptor_t> dropout =
      make(cudnnCreateDropoutDescriptor, cudnnDestroyDropoutDescriptor);
  weft::Tensor states, mask;
};

DnnElementwise::DnnElementwise(std::int64_t size)
    : state_(new State{.flat = tensor(1, 1, 1, size, Layout::nchw), .states = {}, .mask = {}}) {
  State& s = *state_;
  WEFT_CHECK(cudnnSetOpTensorDescriptor(s.add.get(), CUDNN_OP_TENSOR_ADD, CUDNN_DATA_FLOAT,
                                        CUDNN_PROPAGATE_NAN));
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

void DnnElementwise::sigmoid(const float* x, float* y) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(
      cudnnActivationForward(handle(), state_->sigmoid.get(), &kOne, flat, x, &kZero, flat, y));
}

void DnnElementwise::relu_backward(const float* y, const float* dy, float* dx) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(cudnnActivationBackward(handle(), state_->relu.get(), &kOne, flat, y, flat, dy, flat,
                                     y, &kZero, flat, dx));
}

void DnnElementwise::dropout(const float* x, float* y) const {
  const auto flat = state_->flat.get();
  WEFT_CHECK(cudnnDropoutForward(handle(), state_->dropout.get(), flat, x, flat, y,
                                 state_->mask.data(), state_->mask.bytes()));
}

// Reductions.

struct DnnReduction::State {
  Op op;
  TensorShape matrix, kept;
  Descriptor<cudnnReduceTensorDescriptor_t> reduction =
      make(cudnnCreateReduceTensorDescriptor, cudnnDestroyReduceTensorDescriptor);
  weft::Tensor workspace;
  std::size_t index_bytes = 0;
};

DnnReduction::DnnReduction(Op op, Kept kept, std::int64_t rows, std::int64_t cols)
    : state_(new State{.op = op,
                       .matrix = tensor(rows, 1, 1, cols, Layout::nchw),
                       .kept = tensor(kept == Kept::rows ? rows : 1, 1, 1,
                                      kept == Kept::columns ? cols : 1, Layout::nchw),
                       .workspace = {}}) {
  State& s = *state_;
  const auto of_cudnn = op == Op::sum       ? CUDNN_REDUCE_TENSOR_ADD
                        : op == Op::l2_norm ? CUDNN_REDUCE_TENSOR_NORM2
                                            : CUDNN_REDUCE_TENSOR_MAX;
  WEFT_CHECK(cudnnSetReduceTensorDescriptor(
      s.reduction.get(), of_cudnn, CUDNN_DATA_FLOAT, CUDNN_PROPAGATE_NAN,
      op == Op::maximum ? CUDNN_REDUCE_TENSOR_FLATTENED_INDICES : CUDNN_REDUCE_TENSOR_NO_INDICES,
      CUDNN_32BIT_INDICES));
  std::size_t workspace = 0;
  WEFT_CHECK(cudnnGetReductionWorkspaceSize(handle(), s.reduction.get(), s.matrix.get(),
                                            s.kept.get(), &workspace));
  s.workspace = bytes(workspace);
  if (op == Op::maximum)
    WEFT_CHECK(cudnnGetReductionIndicesSize(handle(), s.reduction.get(), s.matrix.get(),
                                            s.kept.get(), &s.index_bytes));
}
DnnReduction::~DnnReduction() = default;

void DnnReduction::run(const float* x, float* y, std::int32_t* indices) const {
  const State& s = *state_;
  WEFT_CHECK(cudnnReduceTensor(handle(), s.reduction.get(), indices, s.index_bytes,
                               s.workspace.data(), s.workspace.bytes(), &kOne, s.matrix.get(), x,
                               &kZero, s.kept.get(), y));
}

}  // namespace bench
