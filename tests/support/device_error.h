#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/error.h"
#include "weft/error.h"

namespace weft::test {

/// Expects `call` to throw a DeviceError whose message has all `parts`.
template <class Call>
void expect_device_error(Call call, const std::vector<std::string>& parts) {
  const std::string message = error_of<DeviceError>(call);
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
}

}  // namespace weft::test
