#pragma once

// The results of many lessons, as a table and as a page.

#include <filesystem>
#include <string>
#include <vector>

#include "support/result.h"

namespace lessons {

/// What went wrong, if anything did, in one sentence: why it stopped, or the claims that do not hold.
std::string problem_of(const Result& result);

/// A table of the results, and what went wrong where something did.
void print_results(const std::vector<Result>& results);

/// Writes FOLDER/index.html from the results in FOLDER's sub-folders, whenever they were made: the page
/// refers to their pictures, so it goes where they go. Returns the results.
std::vector<Result> write_overview(const std::filesystem::path& folder);

/// Both. Returns the program's exit status. Throws FileError for a folder without results.
int show_overview(const std::filesystem::path& folder);

}  // namespace lessons
