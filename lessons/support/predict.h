#pragma once

#include "support/options.h"

namespace lessons {

/// weft-lessons predict: builds the lesson's network again, loads the model's file into it, and prints for
/// each picture what it is taken for. Writes nothing. Throws UsageError and FileError, before anything is printed.
int predict_pictures(const Options& options);

}  // namespace lessons
