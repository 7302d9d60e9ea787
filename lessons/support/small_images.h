#pragma once

#include "weft/data.h"
#include "weft/window.h"

namespace lessons {

/// What the first convolutional networks look at.
constexpr weft::Size2d kSmallImage{16, 16};

/// Pictures in one channel, brought to 16 x 16 by area average on the device where they are: once, before
/// any training.
weft::Dataset small_images(const weft::Dataset& pictures);

}  // namespace lessons
