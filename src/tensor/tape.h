#pragma once

// The tape: one node for each recorded op, held by the op's result. Nodes are numbered as they are
// made, so an op's inputs always have smaller numbers than the op: walking from the largest number down
// meets every node after all who use its result.

#include <cstdint>
#include <memory>
#include <vector>

#include "weft/autograd.h"

namespace weft {

std::uint64_t next_number();  // of a node, or of a walk: larger at each call

struct Node {
  Node(const char* name, std::vector<Tensor> from, Backward function);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void free();  // lets go of what backward needed; the op's name stays for messages

  const char* op;
  std::uint64_t number;
  std::vector<Tensor> inputs;
  Backward backward;
  Tensor gradient;               // of the result, while backward() runs
  bool gradient_is_own = false;  // nobody else sees its storage: it may be added to in place
  bool was_walked = false;
  std::uint64_t seen_by = 0;  // the walk that has met this node
};

}  // namespace weft
