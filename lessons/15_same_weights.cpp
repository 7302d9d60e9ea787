// Lesson 15: not written yet.

#include "support/run.h"

namespace lessons {

void same_weights(Run&) { throw TrainingStopped("This lesson is not written yet."); }

}  // namespace lessons
