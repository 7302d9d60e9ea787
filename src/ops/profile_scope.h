#pragma once

#include "weft/device.h"

namespace weft::ops {

/// First line of an op: times it while profiling is on (weft/profile.h), else costs one test.
class ProfileScope {
 public:
  ProfileScope(const char* op, Device device);
  ~ProfileScope();
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  const char* op_ = nullptr;  // null: not profiling
  Device device_;
  double begin_ = 0;
};

}  // namespace weft::ops
