#include "bench/training_step/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <utility>

#include "weft/error.h"

namespace bench {

namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return json + '"';
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time))};
}

/// Writes objects and numbers with commas between them.
class List {
 public:
  explicit List(std::ostream& out) : out_(out) {}
  std::ostream& next() { return out_ << (std::exchange(is_first_, false) ? "\n  " : ",\n  "); }

 private:
  std::ostream& out_;
  bool is_first_ = true;
};

void save_rounds(List& list, const Measured& m, const char* kind,
                 const std::vector<double>& rounds) {
  const std::string name = std::string("training_step/") + kind + "/lesson_" +
                           std::string(m.lesson->name) + "_batch_" +
                           std::to_string(m.lesson->batch) + "/ours_eager";
  if (!m.problem.empty())
    list.next() << "{\"name\": " << quoted(name + "/round:0")
                << ", \"error_occurred\": true, \"error_message\": " << quoted(m.problem) << "}";
  for (std::size_t round = 0; round < rounds.size(); ++round)
    list.next() << "{\"name\": " << quoted(name + "/round:" + std::to_string(round))
                << ", \"real_time\": " << rounds[round]
                << ", \"time_unit\": \"us\", \"flops\": " << flops_of_step(*m.lesson)
                << ", \"bytes\": " << bytes_of_step(*m.lesson) << ", \"error\": " << m.error << "}";
}

}  // namespace

void print(const Measured& m) {
  std::printf("%-14s %5lld  ", std::string(m.lesson->name).c_str(),
              static_cast<long long>(m.lesson->batch));
  if (!m.problem.empty()) {
    std::printf("%s\n", m.problem.c_str());
  } else if (m.times.gathered.empty()) {
    for (const double loss : m.losses) std::printf(" %.6f", loss);
    std::printf("\n");
  } else {
    std::printf("%15.1f  %10.1f\n", median(m.times.gathered), median(m.times.ready));
  }
  std::fflush(stdout);
}

void save(const std::filesystem::path& file, weft::Device device,
          const std::vector<Measured>& measured) {
  std::ofstream out(file);
  out << std::setprecision(9) << "{\"context\": {\"date\": " << quoted(now())
      << ", \"device\": " << quoted(weft::describe(device));
  if (device == weft::Device::gpu)
    out << ", \"gpu\": " << quoted(weft::gpu_properties().name)
        << ", \"driver\": " << quoted(weft::gpu_properties().driver);
  out << "},\n\"benchmarks\": [";
  List rows(out);
  for (const Measured& m : measured) {
    save_rounds(rows, m, "gather_and_step", m.times.gathered);
    save_rounds(rows, m, "ready_step", m.times.ready);
  }
  out << "],\n\"losses\": {";
  List losses(out);
  for (const Measured& m : measured) {
    losses.next() << quoted(std::string(m.lesson->name)) << ": [";
    for (std::size_t i = 0; i < m.losses.size(); ++i) {
      out << (i > 0 ? ", " : "");
      std::isfinite(m.losses[i]) ? out << m.losses[i] : out << "null";  // JSON has no NaN
    }
    out << "]";
  }
  out << "}}\n";
  out.close();
  if (!out) throw weft::FileError(file.string() + ": expected a file to write to");
}

}  // namespace bench
