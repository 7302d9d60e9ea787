#pragma once

namespace lessons {

/// Prints what was found on this machine and what a run would use, and why. Returns the exit status: 0, or
/// 1 where something is missing without which no lesson runs.
int doctor();

}  // namespace lessons
