#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "tests/support/error.h"
#include "weft/error.h"

namespace weft::test {

/// Expects `call` to throw a DeviceError whose message has all `parts`.
template <class Call>
void expect_device_error(Call call, std::initializer_list<std::string> parts) {
  const std::string message = error_of<DeviceError>(call);
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
}

}  // namespace weft::test
