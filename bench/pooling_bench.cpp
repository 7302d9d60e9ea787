// Pooling of images, forward and backward, beside cuDNN's (the deterministic one for maxima: ours always are).

#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/pooling/avg_pool.h"
#include "kernels/pooling/global_avg_pool.h"
#include "kernels/pooling/max_pool.h"
#include "weft/stream.h"

namespace {

using namespace weft;

struct Shape2d {
  const char* name;
  int n, side, c, window, stride, pad;
};

constexpr Shape2d kShapes[] = {{"lesson24_2x2", 100, 16, 16, 2, 2, 0},
                               {"lesson26_2x2", 64, 64, 32, 2, 2, 0},
                               {"large_2x2", 64, 112, 64, 2, 2, 0},
                               {"resnet_3x3_s2", 32, 112, 64, 3, 2, 1},
                               {"overlap_3x3_s1", 32, 56, 64, 3, 1, 1}};

constexpr Shape2d kWholeMaps[] = {{"lesson24_4x4x32", 100, 4, 32, 4, 4, 0},
                                  {"resnet_7x7x2048", 32, 7, 2048, 7, 7, 0},
                                  {"large_56x56x256", 32, 56, 256, 56, 56, 0}};

WindowGeometry geometry_of(const Shape2d& s) {
  const auto places = static_cast<int>(window_places(s.side, s.window, s.stride, s.pad, 1));
  return {.n = s.n,
          .h = s.side,
          .w = s.side,
          .c = s.c,
          .r = s.window,
          .s = s.window,
          .p = places,
          .q = places,
          .stride_h = s.stride,
          .stride_w = s.stride,
          .pad_h = s.pad,
          .pad_w = s.pad};
}

struct Arrays {
  Tensor x, y, dy, dx, taps;
};

bench::Problem make(const Shape2d& s, bool max, bool backward) {
  const WindowGeometry g = geometry_of(s);
  const Shape in{g.n, g.h, g.w, g.c}, out{g.n, g.p, g.q, g.c};
  // Max pooling's backward must know the places: ours reads a byte each, the vendor's x and y again.
  const double floats = static_cast<double>(in.size() + out.size());
  const double bytes = 4 * floats + (max && backward ? static_cast<double>(out.size()) : 0);
  const auto vendor = std::make_shared<bench::DnnPooling>(g, max);
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i) {
    Arrays a{bench::random_floats(in),
             bench::unwritten(out),
             bench::random_floats(out),
             {},
             empty(out, DType::uint8, Device::gpu)};
    if (max)
      kernels::max_pool(a.x.data<float>(), a.y.data<float>(), a.taps.data<std::uint8_t>(), g,
                        current_stream());
    else
      kernels::avg_pool(a.x.data<float>(), a.y.data<float>(), g, true, current_stream());
    sets->push_back(a);
  }
  const Tensor ours = bench::unwritten(backward ? in : out),
               theirs = bench::unwritten(backward ? in : out);
  const auto set_of = [=](int call) -> const Arrays& {
    return (*sets)[static_cast<std::size_t>(call) % sets->size()];
  };
  const auto run_ours = [=](int call) {
    const Arrays& a = set_of(call);
    if (!backward && max)
      kernels::max_pool(a.x.data<float>(), ours.data<float>(), a.taps.data<std::uint8_t>(), g,
                        current_stream());
    else if (!backward)
      kernels::avg_pool(a.x.data<float>(), ours.data<float>(), g, true, current_stream());
    else if (max)
      kernels::max_pool_backward(a.dy.data<float>(), a.taps.data<std::uint8_t>(),
                                 ours.data<float>(), false, g, current_stream());
    else
      kernels::avg_pool_backward(a.dy.data<float>(), ours.data<float>(), false, g, true,
                                 current_stream());
  };
  const auto run_theirs = [=](int call) {
    const Arrays& a = set_of(call);
    if (backward)
      vendor->backward(a.x.data<float>(), a.y.data<float>(), a.dy.data<float>(),
                       theirs.data<float>());
    else
      vendor->forward(a.x.data<float>(), theirs.data<float>());
  };
  return {.bytes = bytes,
          .contenders = {{"ours", run_ours, {ours}, 1e-6}, {"cudnn", run_theirs, {theirs}, 1e-6}},
          .reference = 1};
}

// The mean of each whole map [n, side, side, c], to the vendor a window of that size.
bench::Problem global(const Shape2d& s) {
  const WindowGeometry g = geometry_of(s);
  const Shape in{g.n, g.h, g.w, g.c};
  const double bytes = 4 * static_cast<double>(in.size() + std::int64_t{g.n} * g.c);
  const auto vendor = std::make_shared<bench::DnnPooling>(g, false);
  const auto sets = std::make_shared<std::vector<Tensor>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back(bench::random_floats(in));
  const auto x = [=](int call) {
    return (*sets)[static_cast<std::size_t>(call) % sets->size()].data<float>();
  };
  const Tensor ours = bench::unwritten({g.n, g.c}), theirs = bench::unwritten({g.n, g.c});
  const Tensor later = bench::unwritten({g.n, g.c});
  return {.bytes = bytes,
          .contenders = {{"ours",
                          [=](int call) {
                            kernels::global_avg_pool(
                                x(call), (call == 0 ? ours : later).data<float>(), g.n,
                                std::int64_t{g.h} * g.w, g.c, current_stream());
                          },
                          {ours}},
                         {"cudnn",
                          [=](int call) {
                            vendor->forward(x(call), (call == 0 ? theirs : later).data<float>());
                          },
                          {theirs}}},
          .reference = 1};
}

}  // namespace

int main(int argc, char** argv) {
  for (const bool max : {true, false})
    for (const bool backward : {false, true})
      for (const Shape2d& shape : kShapes)
        bench::add(std::string(max ? "max_pool" : "avg_pool") + (backward ? "_backward" : "") +
                       "/fp32/" + shape.name,
                   {"ours", "cudnn"}, [=] { return make(shape, max, backward); });
  for (const Shape2d& shape : kWholeMaps)
    bench::add(std::string("global_avg_pool/fp32/") + shape.name, {"ours", "cudnn"},
               [=] { return global(shape); });
  return bench::run(argc, argv);
}
