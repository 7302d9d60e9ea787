#pragma once

#include <cstdint>
#include <string>

#include "src/executor/race.h"

namespace weft::executor::race {

/// A place in the source as 32 bits, for the shadow to keep, and back: "softmax.cu:57", with the line of
/// the caller where it is in a function that was inlined.
std::int32_t number_of_place(Place place);
std::string name_of_place(std::int32_t number);

}  // namespace weft::executor::race
