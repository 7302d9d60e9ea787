#pragma once

#include "src/executor/executor.h"

namespace weft::test {

/// Changes the executor's Config until the end of the scope.
class ExecutorConfig {
 public:
  template <class Change>
  explicit ExecutorConfig(Change change) {
    executor::Config config = before_;
    change(config);
    executor::configure(config);
  }
  ~ExecutorConfig() { executor::configure(before_); }
  ExecutorConfig(const ExecutorConfig&) = delete;
  ExecutorConfig& operator=(const ExecutorConfig&) = delete;

 private:
  executor::Config before_ = executor::config();
};

}  // namespace weft::test
