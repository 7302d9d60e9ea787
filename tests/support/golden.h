#pragma once

// What PyTorch computed, from tests/golden (scripts/make_golden.py writes it), and how ours is compared with
// it: the stored results are exact but for one rounding, so every bound counts our own roundings.

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weft/nn.h"

namespace weft::test {

/// One file: tensors and settings by name. It notes what is asked for, so that a test can insist that
/// nothing in it is left unread. Asking for what is not there throws std::out_of_range with the name.
class Golden {
 public:
  explicit Golden(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  Tensor tensor(const std::string& name) const;  // on the CPU
  Tensor tensor(const std::string& name, Device device) const { return tensor(name).to(device); }
  std::vector<double> values(const std::string& name) const;
  nn::NamedTensors with_prefix(const std::string& prefix) const;  // under the rest of their names

  const std::string& setting(const std::string& name) const;  // "Linear"
  double number(const std::string& name) const { return std::stod(setting(name)); }
  bool has(const std::string& name) const { return settings_.contains(name); }
  bool flag(const std::string& name) const { return setting(name) == "true"; }
  std::pair<std::int64_t, std::int64_t> pair(const std::string& name) const;  // "2,1"

  /// The same file with the absolute value of every float32. What a sum of products gives for it is the
  /// magnitude that bounds the error of the sum.
  Golden magnitudes() const;

  std::vector<std::string> unread() const;

 private:
  std::string name_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> settings_;
  mutable std::set<std::string> read_;
};

/// y's backward from a given gradient in place of a loss.
void backward_from(const Tensor& y, const Tensor& grad_output);

/// What a module made of a file's "input" and "grad_output" on a device: "output", "grad_input" and
/// "grad_weight" for each parameter "weight". The parameters' values come from the file.
using Results = std::map<std::string, Tensor>;
Results run_module(nn::Module& module, const Golden& golden, Device device);

/// What a value of a transcendental function costs: exp, log and tanh are within 2 ulp, 4 roundings, on either
/// device, and a handful of operations follow.
constexpr double kFunctionRoundings = 8;

std::vector<double> absolute(std::vector<double> values);

/// Largest minus smallest of the file's "input". exp(x - max) turns the rounding of its argument, which is
/// relative to the range, into a relative error.
double range_of_input(const Golden& golden);

/// |actual - golden| <= c u magnitude for each element, shapes and device as they should be.
void expect_roundings(const Tensor& actual, const Golden& golden, const std::string& name, double c,
                      const std::vector<double>& magnitude, Device device);

/// For a module whose results are sums of products: the magnitudes come from a second run on absolute
/// values, and `terms` says how many terms each result is the sum of.
void expect_sums_of_products(nn::Module& module, const Golden& golden,
                             const std::map<std::string, std::int64_t>& terms, Device device);

/// Trains from the file's "initial." state over its batches by plain SGD, and compares the loss of each step
/// and the "final." state. `state` is what of the network the file holds, parameters and running values.
void expect_training(nn::Module& network, const nn::NamedTensors& state, const Golden& golden,
                     const std::function<Tensor(const Tensor& outputs, const Tensor& labels)>& loss,
                     Device device);

}  // namespace weft::test
