#pragma once

#include <stdexcept>
#include <string>

namespace weft {
/// @addtogroup tensors
/// @{

/// Base of every exception that Weft throws on purpose. The message is one sentence for a person:
/// who complains, what was expected, what was found.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Arguments that do not fit an op: shapes, dtypes, devices, or a value out of its range.
/// Thrown before anything is launched or written.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// The device refused: no GPU, out of memory, a failed launch, a bug found by the executor.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// A file that is missing, damaged, of another format, or that could not be written.
class FileError : public Error {
 public:
  using Error::Error;
};

/// @}
}  // namespace weft
