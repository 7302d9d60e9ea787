#include "weft/autograd.h"

#include <algorithm>
#include <string>
#include <utility>

#include "src/tensor/tape.h"
#include "src/tensor/tensor_state.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"

namespace weft {
namespace {

// The 1 that backward() starts from, made once for each device and dtype and never destroyed.
const Tensor& unit_gradient(DType dtype, Device device) {
  const auto make = [&] {
    auto* const one = new Tensor(full({}, 1, dtype, device));
    synchronize(device);  // it is used on any stream from now on
    return one;
  };
  if (device == Device::gpu) {
    static const Tensor& one = *make();
    return one;
  }
  if (dtype == DType::float64) {
    static const Tensor& one = *make();
    return one;
  }
  static const Tensor& one = *make();
  return one;
}

// Whether this handle is the only way to its storage.
bool is_exclusive(const Tensor& x) {
  return x.state().weak_from_this().use_count() == 1 && x.state().storage.use_count() == 1;
}

// Where the gradients of one node's inputs go: into grad() of a leaf, else to the input's own node.
class NodeGradients final : public Gradients {
 public:
  NodeGradients(const Node& node, Device device) : node_(node), device_(device) {}
  NodeGradients(const NodeGradients&) = delete;
  NodeGradients& operator=(const NodeGradients&) = delete;

  // An op that threw may have left a leaf's new gradient unwritten: the leaf is to have none.
  ~NodeGradients() override {
    for (TensorState* leaf : unwritten_) leaf->grad = {};
  }

  bool any_wanted() const {
    for (std::size_t i = 0; i < node_.inputs.size(); ++i)
      if (wanted(static_cast<int>(i))) return true;
    return false;
  }

  bool wanted(int input) const override {
    const Tensor& x = node_.inputs.at(static_cast<std::size_t>(input));
    return x.defined() && x.requires_grad();
  }

  Target target(int input) override {
    TensorState& x = wanted_input(input);
    require_device("input", input, x.storage->device);
    if (is_repeated(x)) {  // f(x, x): the op may write both before either is added up
      later_.emplace_back(input, empty(x.shape, x.dtype, x.storage->device));
      return {later_.back().second, false};
    }
    Tensor& gradient = x.node ? x.node->gradient : x.grad;
    if (!gradient.defined()) {
      gradient = empty(x.shape, x.dtype, x.storage->device);
      if (x.node)
        x.node->gradient_is_own = true;
      else
        unwritten_.push_back(&x);
      return {gradient, false};
    }
    require_device("the gradient of input", input, gradient.device());
    make_own(x);
    return {gradient, true};
  }

  void give(int input, Tensor given) override {
    TensorState& x = wanted_input(input);
    if (!given.defined() || given.shape() != x.shape || given.dtype() != x.dtype ||
        given.device() != x.storage->device)
      throw ShapeError(
          std::string("backward of ") + node_.op + ": expected a gradient " + name_of(x.dtype) +
          " " + x.shape.to_string() + " on the " + name_of(x.storage->device) + " for input " +
          std::to_string(input) + ", got " +
          (given.defined() ? name_of(given.dtype()) + (" " + given.shape().to_string()) +
                                 " on the " + name_of(given.device())
                           : "an undefined tensor"));
    Tensor& gradient = x.node ? x.node->gradient : x.grad;
    if (gradient.defined()) {
      make_own(x);
      add_scaled_(gradient, given);
    } else if (x.node) {
      x.node->gradient_is_own = is_exclusive(given);
      gradient = std::move(given);
    } else {
      gradient =
          is_exclusive(given) && given.state().node == nullptr ? std::move(given) : given.clone();
    }
  }

  void finish() {
    unwritten_.clear();
    for (auto& [input, gradient] : later_) give(input, std::move(gradient));
  }

 private:
  // An input may have been moved since it was recorded, and its grad() been left behind by a move.
  void require_device(const char* what, int input, Device device) const {
    if (device != device_)
      throw ShapeError(
          std::string("backward of ") + node_.op +
          ": expected all tensors on one device, got the gradient of the result on the " +
          name_of(device_) + " and " + what + " " + std::to_string(input) + " on the " +
          name_of(device));
  }

  TensorState& wanted_input(int input) const {
    if (!wanted(input))
      throw ShapeError(std::string("backward of ") + node_.op + ": input " + std::to_string(input) +
                       " wants no gradient");
    return node_.inputs[static_cast<std::size_t>(input)].state();
  }

  bool is_repeated(const TensorState& x) const {
    int count = 0;
    for (const Tensor& other : node_.inputs) count += other.defined() && &other.state() == &x;
    return count > 1;
  }

  // A gradient that was handed over may be seen by others (dy given on as it is): copied before it is
  // added to. A leaf's is its own.
  static void make_own(TensorState& x) {
    if (x.node == nullptr || x.node->gradient_is_own) return;
    x.node->gradient = x.node->gradient.clone();
    x.node->gradient_is_own = true;
  }

  const Node& node_;
  Device device_;  // of the result's gradient
  std::vector<std::pair<int, Tensor>> later_;
  std::vector<TensorState*> unwritten_;  // leaves whose first gradient the op was given to write
};

// The nodes that `root` depends on, latest first. Throws where one has been walked before.
std::vector<std::shared_ptr<Node>> tape_of(const std::shared_ptr<Node>& root) {
  const std::uint64_t walk = next_number();
  std::vector<std::shared_ptr<Node>> tape{root};
  root->seen_by = walk;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    const std::shared_ptr<Node> node = tape[i];
    if (node->was_walked)
      throw ShapeError(std::string("backward: expected a tape that was not walked before, but ") +
                       node->op + " has been: run the forward pass again");
    for (const Tensor& input : node->inputs) {
      if (!input.defined()) continue;
      const std::shared_ptr<Node>& from = input.state().node;
      if (from == nullptr || from->seen_by == walk) continue;
      from->seen_by = walk;
      tape.push_back(from);
    }
  }
  std::sort(tape.begin(), tape.end(),
            [](const auto& a, const auto& b) { return a->number > b->number; });
  return tape;
}

}  // namespace

void backward(const Tensor& y) {
  const TensorState& root = y.state();
  if (y.size() != 1) throw ShapeError("backward: expected a scalar, got " + root.shape.to_string());
  if (root.node == nullptr)
    throw ShapeError(
        "backward: expected the result of recorded ops, got a tensor without a tape (does an input "
        "require a gradient, and is recording on?)");

  // However the walk ends, its tape is spent.
  struct Walk {
    std::vector<std::shared_ptr<Node>> tape;
    ~Walk() {
      for (const std::shared_ptr<Node>& node : tape) {
        node->was_walked = true;
        node->free();
      }
    }
  } const walk{tape_of(root.node)};

  const NoGrad off;
  const Tensor& one = unit_gradient(root.dtype, root.storage->device);
  root.node->gradient = root.shape.rank() == 0 ? one : one.reshape(root.shape);
  root.node->gradient_is_own = false;
  for (const std::shared_ptr<Node>& node : walk.tape) {
    if (node->gradient.defined()) {
      const Tensor dy = std::exchange(node->gradient, {});
      NodeGradients gradients(*node, dy.device());
      if (gradients.any_wanted()) node->backward(dy, gradients);  // else: turned off since
      gradients.finish();
    }
    node->free();
  }
}

bool is_unit_gradient(const Tensor& dy) {
  const TensorState& state = dy.state();
  if (state.shape.size() != 1) return false;
  return state.storage == unit_gradient(state.dtype, state.storage->device).state().storage;
}

}  // namespace weft
