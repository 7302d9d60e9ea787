#pragma once

// What a convolutional network looks for and what it sees, as pictures.

#include <vector>

#include "weft/figures.h"
#include "weft/nn.h"

namespace lessons {

/// What comes out of the first `layers` layers of a network, in evaluation mode and without recording.
weft::Tensor output_of(weft::nn::Sequential& network, std::size_t layers, const weft::Tensor& x);

/// The channels of the first of some maps [n, h, w, c], one picture each.
std::vector<weft::Picture> channel_pictures(const weft::Tensor& maps);

/// The kernels of a convolution's weight [k, r, s, c] as they look at one of its input channels.
std::vector<weft::Picture> kernel_pictures(const weft::Tensor& weight, std::int64_t channel = 0);

/// Each pixel as `times` x `times`, for small maps beside larger ones.
weft::Picture enlarged(const weft::Picture& picture, int times);

}  // namespace lessons
