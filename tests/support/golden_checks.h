#pragma once

// The comparisons of golden_test, each for the files of one module: by the setting "module".

#include <map>
#include <string>

#include "tests/support/golden.h"

namespace weft::test {

using GoldenCheck = void (*)(const Golden& golden, Device device);
using GoldenChecks = std::map<std::string, GoldenCheck>;

GoldenChecks golden_layer_checks();
GoldenChecks golden_image_checks();
GoldenChecks golden_batch_norm_checks();
GoldenChecks golden_loss_and_optimizer_checks();
GoldenChecks golden_lesson_checks();

}  // namespace weft::test
