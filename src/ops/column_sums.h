#pragma once

#include "weft/autograd.h"
#include "weft/tensor.h"

namespace weft::ops {

/// target (+)= the sums over rows of x [..., columns], the gradient of a bias [columns]. `op` names the caller.
void add_column_sums(const char* op, const Tensor& x, const Gradients::Target& target);

}  // namespace weft::ops
