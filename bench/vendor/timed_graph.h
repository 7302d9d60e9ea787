#pragma once

#include <cstddef>
#include <functional>

namespace bench {

/// The device's time for a call that queues work on the current stream: `calls` of them are captured into
/// a CUDA graph, so that what the host does between two launches is not measured, and a replay is timed by
/// events. `call` gets 0, 1, 2, ...: which of its sets of inputs to use.
class TimedGraph {
 public:
  TimedGraph(const std::function<void(int)>& call, int calls);
  ~TimedGraph();
  TimedGraph(const TimedGraph&) = delete;
  TimedGraph& operator=(const TimedGraph&) = delete;

  double seconds();  // of one call, by one replay; waits

 private:
  void* graph_ = nullptr;                   // cudaGraphExec_t
  void *begin_ = nullptr, *end_ = nullptr;  // cudaEvent_t
  int calls_;
};

/// As many calls as take about a millisecond, at least one, by timing a few.
int calls_in_a_millisecond(const std::function<void(int)>& call);

/// The device's time for a call of `calls` that the host queues one after another: where a call is shorter than
/// its launch, what a launch costs.
double seconds_of_launches(const std::function<void(int)>& call, int calls);

/// Queues a copy from one place in device memory to another.
void copy_on_device(void* to, const void* from, std::size_t bytes);

std::size_t l2_bytes();

}  // namespace bench
