#pragma once

#include <stdexcept>
#include <string>

namespace bench {

/// A call of a vendor's library that failed: its text and the library's word for it.
class VendorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const char* call, const std::string& why) {
  throw VendorError(std::string(call) + ": " + why);
}

}  // namespace bench
