#pragma once

#include <gtest/gtest.h>

#include <string>

namespace weft::test {

/// The message of the E that `call` throws. Fails the test where it throws none.
template <class E, class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an exception";
  return {};
}

}  // namespace weft::test
