#include "tests/support/golden.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <stdexcept>

#include "tests/support/compare.h"
#include "tests/support/shapes.h"
#include "tests/support/temporary_folder.h"
#include "weft/autograd.h"
#include "weft/io.h"

namespace weft::test {

namespace fs = std::filesystem;

namespace {

/// The metadata of a file of make_golden.py: the header begins with them, and no value has a quote in it.
std::map<std::string, std::string> read_settings(const fs::path& path) {
  const std::string content = get(path);
  const std::string header = content.substr(0, content.find('}'));
  const std::regex entry(R"re("(\w+)":"([^"]*)")re");
  std::map<std::string, std::string> settings;
  for (std::sregex_iterator at(header.begin(), header.end(), entry), end; at != end; ++at)
    settings[(*at)[1]] = (*at)[2];
  return settings;
}

}  // namespace

Golden::Golden(const fs::path& path) : name_(path.stem()) {
  for (const auto& [key, tensor] : load_safetensors(path)) tensors_[key] = tensor;
  settings_ = read_settings(path);
}

Tensor Golden::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw std::out_of_range(name_ + " has no tensor " + name);
  read_.insert(name);
  return found->second.clone();
}

std::vector<double> Golden::values(const std::string& name) const {
  return as_doubles(tensor(name).to_vector<float>());
}

nn::NamedTensors Golden::with_prefix(const std::string& prefix) const {
  nn::NamedTensors found;
  for (const auto& [name, unused] : tensors_)
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor(name));
  return found;
}

const std::string& Golden::setting(const std::string& name) const {
  const auto found = settings_.find(name);
  if (found == settings_.end()) throw std::out_of_range(name_ + " has no setting " + name);
  read_.insert(name);
  return found->second;
}

std::pair<std::int64_t, std::int64_t> Golden::pair(const std::string& name) const {
  const std::string& text = setting(name);
  return {std::stoll(text), std::stoll(text.substr(text.find(',') + 1))};
}

Golden Golden::magnitudes() const {
  Golden copy = *this;
  for (auto& [name, tensor] : copy.tensors_) {
    if (tensor.dtype() != DType::float32) continue;
    std::vector<float> values = tensor.to_vector<float>();
    for (float& x : values) x = std::abs(x);
    tensor = from_values(values, tensor.shape());
  }
  return copy;
}

std::vector<std::string> Golden::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_) names.push_back(name);
  for (const auto& [name, value] : settings_) names.push_back(name);
  std::erase_if(names, [&](const std::string& name) {
    return read_.contains(name) || name == "module" || name == "torch";
  });
  return names;
}

void backward_from(const Tensor& y, const Tensor& grad_output) {
  record("given", zeros({}, y.dtype(), y.device()), {y},
         [grad_output](const Tensor&, Gradients& gradients) { gradients.give(0, grad_output); })
      .backward();
}

Results run_module(nn::Module& module, const Golden& golden, Device device) {
  module.to(device);
  for (auto& [name, parameter] : module.named_parameters()) {
    parameter.copy_from(golden.tensor(name));
    parameter.set_grad({});
  }
  const Tensor x = golden.tensor("input", device).set_requires_grad();
  const Tensor y = module(x);
  backward_from(y, golden.tensor("grad_output", device));
  Results results{{"output", y}, {"grad_input", x.grad()}};
  for (const auto& [name, parameter] : module.named_parameters())
    results["grad_" + name] = parameter.grad();
  return results;
}

std::vector<double> absolute(std::vector<double> values) {
  for (double& x : values) x = std::abs(x);
  return values;
}

double range_of_input(const Golden& golden) {
  const std::vector<double> x = golden.values("input");
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  return *high - *low;
}

void expect_roundings(const Tensor& actual, const Golden& golden, const std::string& name, double c,
                      const std::vector<double>& magnitude, Device device) {
  const std::string what = golden.name() + " " + name;
  ASSERT_TRUE(actual.defined()) << what;
  EXPECT_EQ(actual.device(), device) << what;
  EXPECT_EQ(actual.shape(), golden.tensor(name).shape()) << what;
  note_worst("golden " + what,
             expect_sum_close(actual.to_vector<float>(), golden.values(name), magnitude, c, what));
}

void expect_sums_of_products(nn::Module& module, const Golden& golden,
                             const std::map<std::string, std::int64_t>& terms, Device device) {
  const Results magnitudes = run_module(module, golden.magnitudes(), device);
  const Results results = run_module(module, golden, device);
  EXPECT_EQ(results.size(), terms.size()) << golden.name();
  // Each term is rounded by its product and by its sum, or once by both together; the last rounding is
  // that of the stored number.
  for (const auto& [name, actual] : results)
    expect_roundings(actual, golden, name, static_cast<double>(terms.at(name)) + 1,
                     as_doubles(magnitudes.at(name).to_vector<float>()), device);
}

}  // namespace weft::test
