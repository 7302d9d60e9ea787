#include "bench/vendor/timed_graph.h"

#include <cuda_runtime.h>

#include <algorithm>

#include "bench/vendor/check.h"
#include "weft/stream.h"

namespace bench {

namespace {

constexpr double kTarget = 1e-3;  // seconds of a graph
constexpr int kMostCalls = 512, kRehearsals = 3;

void check(cudaError_t status, const char* call) {
  if (status != cudaSuccess) fail(call, cudaGetErrorString(status));
}
#define WEFT_CHECK(call) check(call, #call)

cudaStream_t stream() { return static_cast<cudaStream_t>(weft::current_stream().handle()); }

// What the device takes for the work that `queue` queues.
template <class Queue>
double seconds_between(cudaEvent_t begin, cudaEvent_t end, Queue queue) {
  WEFT_CHECK(cudaEventRecord(begin, stream()));
  queue();
  WEFT_CHECK(cudaEventRecord(end, stream()));
  WEFT_CHECK(cudaEventSynchronize(end));
  float milliseconds = 0;
  WEFT_CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
  return static_cast<double>(milliseconds) / 1e3;
}

}  // namespace

TimedGraph::TimedGraph(const std::function<void(int)>& call, int calls) : calls_(calls) {
  for (int i = 0; i < kRehearsals; ++i) call(i);  // loads kernels, makes handles and workspaces
  WEFT_CHECK(cudaStreamSynchronize(stream()));
  WEFT_CHECK(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeRelaxed));
  for (int i = 0; i < calls; ++i) call(i);
  cudaGraph_t graph = nullptr;
  WEFT_CHECK(cudaStreamEndCapture(stream(), &graph));
  cudaGraphExec_t executable = nullptr;
  WEFT_CHECK(cudaGraphInstantiate(&executable, graph, 0));
  WEFT_CHECK(cudaGraphDestroy(graph));
  graph_ = executable;
  cudaEvent_t begin = nullptr, end = nullptr;
  WEFT_CHECK(cudaEventCreate(&begin));
  WEFT_CHECK(cudaEventCreate(&end));
  begin_ = begin;
  end_ = end;
  (void)seconds();  // the first replay uploads the graph
}

TimedGraph::~TimedGraph() {
  if (graph_ != nullptr) cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph_));
  if (begin_ != nullptr) cudaEventDestroy(static_cast<cudaEvent_t>(begin_));
  if (end_ != nullptr) cudaEventDestroy(static_cast<cudaEvent_t>(end_));
}

double TimedGraph::seconds() {
  return seconds_between(
             static_cast<cudaEvent_t>(begin_), static_cast<cudaEvent_t>(end_),
             [&] { WEFT_CHECK(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph_), stream())); }) /
         calls_;
}

double seconds_of_launches(const std::function<void(int)>& call, int calls) {
  struct Event {
    cudaEvent_t handle = nullptr;
    Event() { WEFT_CHECK(cudaEventCreate(&handle)); }
    ~Event() { cudaEventDestroy(handle); }
  };
  const Event begin, end;
  return seconds_between(begin.handle, end.handle,
                         [&] {
                           for (int i = 0; i < calls; ++i) call(i);
                         }) /
         calls;
}

int calls_in_a_millisecond(const std::function<void(int)>& call) {
  constexpr int kFew = 8;
  TimedGraph few(call, kFew);
  return static_cast<int>(std::clamp(kTarget / few.seconds(), 1.0, double{kMostCalls}));
}

void copy_on_device(void* to, const void* from, std::size_t bytes) {
  WEFT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()));
}

std::size_t l2_bytes() {
  int bytes = 0, device = 0;
  WEFT_CHECK(cudaGetDevice(&device));
  WEFT_CHECK(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device));
  return static_cast<std::size_t>(bytes);
}

}  // namespace bench
