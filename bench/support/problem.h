#pragma once

// A problem is one op on one shape, and those that compete on it: ours, by the name of the technique, and
// the vendor's. Each is checked before it is timed, against the vendor's result or, where the vendor has none,
// Device::cpu's, and all are timed in turn, a few rounds of each, so that what the machine does meanwhile meets
// all of them.

#include <functional>
#include <string>
#include <vector>

#include "weft/tensor.h"

namespace bench {

struct Contender {
  std::string name;                   // "ours_register_tiled", "cublas_fp32"
  std::function<void(int call)> run;  // queues call number `call`: sets of inputs are taken in turn
  std::vector<weft::Tensor> results = {};  // of call 0, compared with the reference's
  double tolerance = 1e-5;                 // of ||result - reference|| / ||reference||
  std::function<double()> error = {};  // of call 0, where that norm is no measure: instead of it
  bool in_graph = true;                // false: launched one by one by the host
};

struct Problem {
  double flops = 0;  // of one call; 0 where the bytes bound it
  double bytes = 0;  // the fewest that can be moved: inputs read once, outputs written once
  std::vector<Contender> contenders;
  std::size_t reference = 0;  // which of them the others are compared with
  std::vector<weft::Tensor> expected =
      {};  // compared with instead, where no contender is a reference
};

/// Adds a problem "family/dtype/shape" whose contenders have these names, in this order. `make` is called when
/// its turn comes. What a contender throws is a row that says why.
void add(const std::string& name, const std::vector<std::string>& contenders,
         std::function<Problem()> make);

/// Runs what was added with Google Benchmark's command line. Status 2, and a sentence, where there is no GPU or it
/// is the executor, whose speed says nothing.
int run(int argc, char** argv);

}  // namespace bench
