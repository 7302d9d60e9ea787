// Lesson 17: not written yet.

#include "support/run.h"

namespace lessons {

void momentum_polynomial(Run&) { throw TrainingStopped("This lesson is not written yet."); }

}  // namespace lessons
