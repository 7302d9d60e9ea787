#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/training_step/lessons.h"
#include "bench/training_step/training.h"

namespace bench {

/// What is known of one lesson.
struct Measured {
  const Lesson* lesson;
  std::vector<double> losses;  // of the first steps; empty where nothing asks for them
  double error = 0;            // the losses' difference from the CPU path's
  std::string problem;         // why it was not timed; empty where it was
  Times times;                 // empty where only losses were asked for
};

/// A line for people: the lesson and its two medians, its losses, or its problem.
void print(const Measured& measured);

/// Google Benchmark's format, which bench/table merges, with the losses beside it. Throws FileError where the file
/// cannot be written.
void save(const std::filesystem::path& file, weft::Device device,
          const std::vector<Measured>& measured);

}  // namespace bench
