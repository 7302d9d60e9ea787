#pragma once

#include <string>

namespace weft {
/// @addtogroup devices
/// @{

/// Turns the timing of ops on or off. While it is on, every op waits for its device, so the times are
/// the ops' own and the program as a whole is slower.
void set_profiling(bool on);

/// A table of op, device, calls, total and mean time and share since profiling was turned on.
std::string profile_report();

/// @}
}  // namespace weft
