#include "src/tensor/tape.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "src/tensor/tensor_state.h"
#include "weft/error.h"

namespace weft {
namespace {

thread_local bool is_recording = true;

// What a dying node leaves. A chain of 100,000 ops must not die by 100,000 nested destructors: the
// outermost one destroys what the others leave, one after the other.
struct Remains {
  std::vector<Tensor> inputs;
  Backward backward;
};
thread_local std::vector<Remains>* graveyard = nullptr;

}  // namespace

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Node::Node(const char* name, std::vector<Tensor> from, Backward function)
    : op(name), number(next_number()), inputs(std::move(from)), backward(std::move(function)) {}

Node::~Node() { free(); }

void Node::free() {
  gradient = {};
  if (inputs.empty() && !backward) return;
  Remains own{std::exchange(inputs, {}), std::exchange(backward, nullptr)};
  if (graveyard != nullptr) {
    graveyard->push_back(std::move(own));
    return;
  }
  std::vector<Remains> dead;
  graveyard = &dead;
  own = {};  // nodes that die of this push their own remains
  while (!dead.empty()) {
    Remains next = std::move(dead.back());
    dead.pop_back();
    next = {};
  }
  graveyard = nullptr;
}

bool grad_enabled() { return is_recording; }
NoGrad::NoGrad() : previous_(std::exchange(is_recording, false)) {}
NoGrad::~NoGrad() { is_recording = previous_; }

bool needs_grad(std::initializer_list<const Tensor*> inputs) {
  if (!is_recording) return false;
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor* x) { return x->defined() && x->requires_grad(); });
}

Tensor record(const char* op, Tensor y, std::vector<Tensor> inputs, Backward backward) {
  if (!is_recording || std::none_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
        return x.defined() && x.requires_grad();
      }))
    return y;
  TensorState& result = y.state();
  if (result.node != nullptr || result.requires_grad)
    throw ShapeError(std::string("record: expected a new tensor from ") + op +
                     ", got one that is recorded or a leaf");
  result.node = std::make_shared<Node>(op, std::move(inputs), std::move(backward));
  return y;
}

}  // namespace weft
