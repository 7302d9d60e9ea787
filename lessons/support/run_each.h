#pragma once

#include "support/options.h"

namespace lessons {

/// Runs the lessons one after the other, each as a program of its own: none is stopped by what another
/// ran into, a crash included. All lessons print a line each, several what they print alone; then come
/// a table and the page of the folder. Ctrl-C ends the lesson that runs and starts no other. Returns
/// the worst exit status.
int run_each(const Options& options);

}  // namespace lessons
