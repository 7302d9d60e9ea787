// Batch normalisation of images in training, forward and backward, beside cuDNN's persistent algorithm on
// channels last (NHWC, as ours) and on its older layout (NCHW).

#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/batch_norm/batch_norm.h"
#include "weft/device.h"
#include "weft/stream.h"

namespace {

using namespace weft;

struct Images {
  const char* name;
  std::int64_t n, side, c;
  std::int64_t rows() const { return n * side * side; }
};

constexpr Images kShapes[] = {{"lesson19_2000x100", 2000, 1, 100}, {"lesson25_conv1", 100, 16, 16},
                              {"lesson25_conv2", 100, 8, 32},      {"lesson26_conv1", 64, 64, 32},
                              {"resnet_56x64", 32, 56, 64},        {"resnet_28x128", 32, 28, 128},
                              {"resnet_14x1024", 32, 14, 1024},    {"large_112x64", 64, 112, 64}};

constexpr float kMomentum = 0.1f, kEpsilon = 1e-5f;

// What one side reads and writes beside x and dy.
struct Own {
  Tensor weight, bias, y, dx, mean, rstd, running_mean, running_variance, dweight, dbias;
};

Own own(const Images& s, const Tensor& weight, const Tensor& bias) {
  const auto channels = [&] { return full({s.c}, 0, DType::float32, Device::gpu); };
  return {weight,
          bias,
          bench::unwritten({s.rows(), s.c}),
          bench::unwritten({s.rows(), s.c}),
          channels(),
          channels(),
          channels(),
          full({s.c}, 1, DType::float32, Device::gpu),
          channels(),
          channels()};
}

struct Inputs {
  Tensor x, dy;
};

// The same numbers in the other order: [n, pixels, c] where `from` is [n, c, pixels], or the other way round.
Tensor reordered(const Tensor& from, std::int64_t n, std::int64_t rows, std::int64_t columns) {
  const std::vector<float> in = from.to_vector<float>();
  std::vector<float> out(in.size());
  const auto at = [&](std::int64_t image, std::int64_t i, std::int64_t j, std::int64_t width) {
    return static_cast<std::size_t>(image * rows * columns + i * width + j);
  };
  for (std::int64_t image = 0; image < n; ++image)
    for (std::int64_t j = 0; j < columns; ++j)
      for (std::int64_t i = 0; i < rows; ++i)
        out[at(image, j, i, rows)] = in[at(image, i, j, columns)];
  return from_values(out, from.shape()).to(Device::gpu);
}

bench::Problem make(const Images& s, bool backward) {
  const double numbers = static_cast<double>(s.rows() * s.c);
  const double bytes = 4 * numbers * (backward ? 3 : 2);
  const Tensor weight = bench::random_floats({s.c}), bias = bench::random_floats({s.c});
  const auto sets = std::make_shared<std::vector<Inputs>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back({bench::random_floats({s.rows(), s.c}),
                     backward ? bench::random_floats({s.rows(), s.c}) : Tensor()});
  const auto inputs = [=](int call) -> const Inputs& {
    return (*sets)[static_cast<std::size_t>(call) % sets->size()];
  };
  const std::size_t shared = gpu_properties().shared_bytes_per_block;
  const std::int64_t floats = backward
                                  ? kernels::batch_norm_backward_workspace(s.rows(), s.c, shared)
                                  : kernels::batch_norm_workspace(s.rows(), s.c, shared);
  const Tensor workspace = floats > 0 ? empty({floats}, DType::float32, Device::gpu) : Tensor();

  const Own a = own(s, weight, bias);
  const auto forward_ours = [=](int call, float* room) {
    kernels::batch_norm({.x = inputs(call).x.data<float>(),
                         .weight = a.weight.data<float>(),
                         .bias = a.bias.data<float>(),
                         .y = a.y.data<float>(),
                         .mean = a.mean.data<float>(),
                         .rstd = a.rstd.data<float>(),
                         .running_mean = a.running_mean.data<float>(),
                         .running_variance = a.running_variance.data<float>(),
                         .rows = s.rows(),
                         .c = s.c,
                         .momentum = kMomentum,
                         .epsilon = kEpsilon},
                        room, current_stream());
  };
  float* const room = workspace.defined() ? workspace.data<float>() : nullptr;
  const auto backward_ours = [=](int call) {
    kernels::batch_norm_backward({.x = inputs(call).x.data<float>(),
                                  .weight = a.weight.data<float>(),
                                  .mean = a.mean.data<float>(),
                                  .rstd = a.rstd.data<float>(),
                                  .dy = inputs(call).dy.data<float>(),
                                  .dx = a.dx.data<float>(),
                                  .dweight = a.dweight.data<float>(),
                                  .dbias = a.dbias.data<float>(),
                                  .rows = s.rows(),
                                  .c = s.c},
                                 room, current_stream());
  };
  bench::Problem problem{.bytes = bytes, .contenders = {}, .reference = 1};
  if (backward) {
    // The statistics of set 0: what the comparison, of call 0, needs.
    const std::int64_t forward_floats = kernels::batch_norm_workspace(s.rows(), s.c, shared);
    const Tensor forward_room =
        forward_floats > 0 ? empty({forward_floats}, DType::float32, Device::gpu) : Tensor();
    forward_ours(0, forward_room.defined() ? forward_room.data<float>() : nullptr);
    problem.contenders.push_back({"ours", backward_ours, {a.dx}, 1e-4});
  } else {
    problem.contenders.push_back(
        {"ours", [=](int call) { forward_ours(call, room); }, {a.y}, 1e-5});
  }
  const std::int64_t pixels = s.side * s.side;
  for (const bench::Layout layout : {bench::Layout::nhwc, bench::Layout::nchw}) {
    const bool same_layout = layout == bench::Layout::nhwc;
    const auto vendor = std::make_shared<bench::DnnBatchNorm>(s.n, s.side, s.side, s.c, layout);
    const Own b = own(s, weight, bias);
    // Set 0 in this layout: what the comparison, of call 0, is of. Of the others only the time matters.
    Inputs first = (*sets)[0];
    if (!same_layout) {
      first.x = reordered(first.x, s.n, pixels, s.c);
      if (backward) first.dy = reordered(first.dy, s.n, pixels, s.c);
    }
    const auto set_of = [=](int call) -> const Inputs& {
      const auto set = static_cast<std::size_t>(call) % sets->size();
      return set == 0 ? first : (*sets)[set];
    };
    const auto forward = [=](int call) {
      vendor->forward(set_of(call).x.data<float>(), b.y.data<float>(), b.weight.data<float>(),
                      b.bias.data<float>(), b.mean.data<float>(), b.rstd.data<float>(),
                      b.running_mean.data<float>(), b.running_variance.data<float>(), kMomentum,
                      kEpsilon);
    };
    if (backward) forward(0);
    const Tensor result = backward ? b.dx : b.y;
    bench::Contender contender{
        .name = same_layout ? "cudnn_nhwc" : "cudnn_nchw", .run = forward, .tolerance = 1e-4};
    if (backward)
      contender.run = [=](int call) {
        vendor->backward(set_of(call).x.data<float>(), set_of(call).dy.data<float>(),
                         b.dx.data<float>(), b.weight.data<float>(), b.dweight.data<float>(),
                         b.dbias.data<float>(), b.mean.data<float>(), b.rstd.data<float>(),
                         kEpsilon);
      };
    if (same_layout)
      contender.results = {result};
    else
      contender.error = [=, right = problem.contenders[1].results[0]] {
        return bench::relative_error(reordered(result, s.n, s.c, pixels), right);
      };
    problem.contenders.push_back(contender);
  }
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  for (const bool backward : {false, true})
    for (const Images& shape : kShapes)
      bench::add(
          std::string(backward ? "batch_norm_backward" : "batch_norm") + "/fp32/" + shape.name,
          {"ours", "cudnn_nhwc", "cudnn_nchw"}, [=] { return make(shape, backward); });
  return bench::run(argc, argv);
}
