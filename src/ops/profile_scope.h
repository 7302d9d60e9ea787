#pragma once

#include "weft/device.h"

namespace weft::ops {

/// First line of an op: times it while profiling is on (weft/profile.h), else costs one test. An op
/// that calls others is charged for its own time only.
class ProfileScope {
 public:
  ProfileScope(const char* op, Device device);
  ~ProfileScope();
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  const char* op_ = nullptr;  // null: not profiling
  Device device_;
  ProfileScope* outer_ = nullptr;
  double begin_ = 0, inside_ = 0;  // seconds; of ops called from this one
};

}  // namespace weft::ops
