#pragma once

// What a run prints: paragraphs, progress, tables. Colours and the bar only where somebody looks.

#include <string>
#include <vector>

namespace lessons {

/// A small table: the first row is its head, the first column names the rows.
using Table = std::vector<std::vector<std::string>>;

class Terminal {
 public:
  explicit Terminal(bool quiet);

  void title(const std::string& text);
  void paragraph(const std::string& text);
  void fact(const std::string& name, const std::string& value);
  void list(const std::vector<std::string>& items);
  void table(const Table& rows);
  void plain(const std::string& text);              // as it is
  void result(bool good, const std::string& text);  // printed by a quiet run too

  /// `done` of `total` parts: a bar that stays on its line on a terminal; otherwise a line for each
  /// part, or for every tenth of the whole where there are more than twenty-four. `part` names one.
  void progress(const char* part, int done, int total, const std::string& text);

 private:
  std::string coloured(const char* code, const std::string& text) const;
  void end_bar();

  bool quiet_, bar_, colour_;
  bool bar_open_ = false;
};

}  // namespace lessons
