#pragma once

#include <string>
#include <vector>

namespace weft::executor {

/// A function of the source and a line of it: {"softmax_registers_kernel", "softmax.cu:57"}.
struct SourcePlace {
  std::string function, place;
};

/// Where an instruction of this process comes from: the innermost function that was inlined there first,
/// the function that holds the instruction last. From the debug information, by addr2line, which comes
/// with the compiler; empty where either is missing. Takes some milliseconds: for reports alone.
std::vector<SourcePlace> source_places(const void* instruction);

/// The kernel's name without namespaces, template arguments and parameters, or "" where that is not known.
/// Remembered.
std::string kernel_name(const void* kernel);

/// The last word of a function's qualified name: "void weft::{anonymous}::softmax(T*) [with T = float]"
/// is softmax.
std::string tidy_name(const std::string& function);

}  // namespace weft::executor
