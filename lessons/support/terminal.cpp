#include "support/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "support/text.h"

namespace lessons {

namespace {

constexpr std::size_t kColumns = 88;
constexpr int kBarWidth = 24;
constexpr int kLinesAtMost = 24;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width(text)), ' ');
}

}  // namespace

Terminal::Terminal(bool quiet)
    : quiet_(quiet),
      bar_(isatty(STDOUT_FILENO) != 0 && variable("TERM") != "dumb"),
      colour_(bar_ && variable("NO_COLOR").empty()) {}

std::string Terminal::coloured(const char* code, const std::string& text) const {
  return colour_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
}

void Terminal::end_bar() {
  if (bar_open_) std::cout << '\n';
  bar_open_ = false;
}

void Terminal::plain(const std::string& text) {
  if (quiet_) return;
  end_bar();
  std::cout << text << std::flush;
}

void Terminal::title(const std::string& text) { plain(coloured("1", text) + "\n\n"); }

void Terminal::paragraph(const std::string& text) {
  std::string lines;
  for (const std::string& line : wrapped(text, kColumns)) lines += line + "\n";
  plain(lines + "\n");
}

void Terminal::fact(const std::string& name, const std::string& value) {
  plain("  " + coloured("2", padded(name, 12)) + value + "\n");
}

void Terminal::list(const std::vector<std::string>& items) {
  for (const std::string& item : items) {
    std::string lines;
    for (const std::string& line : wrapped(item, kColumns - 4))
      lines += (lines.empty() ? "  - " : "    ") + line + "\n";
    plain(lines);
  }
}

void Terminal::table(const Table& rows) {
  std::vector<std::size_t> columns;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == columns.size()) columns.push_back(0);
      columns[c] = std::max(columns[c], width(row[c]));
    }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = " ";
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string& cell = rows[r][c];
      const std::string space(columns[c] - width(cell), ' ');
      line += c == 0 ? " " + cell + space : "   " + space + cell;
    }
    plain((r == 0 ? coloured("1", line) : line) + "\n");
  }
  plain("\n");
}

void Terminal::result(bool good, const std::string& text) {
  end_bar();
  std::cout << coloured(good ? "32" : "31", text) << std::endl;
}

void Terminal::progress(const char* part, int done, int total, const std::string& text) {
  if (quiet_) return;
  const std::string whole = std::to_string(total), so_far = std::to_string(done);
  const std::string count = std::string("  ") + part + " " +
                            std::string(whole.size() - so_far.size(), ' ') + so_far + "/" + whole;
  if (!bar_) {
    const bool tenth =
        total <= kLinesAtMost || done == total || done * 10LL / total != (done - 1) * 10LL / total;
    if (tenth) std::cout << count << "  " << text << std::endl;
    return;
  }
  const int full = static_cast<int>(static_cast<long long>(kBarWidth) * done / total);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < full ? "█" : "░";
  std::cout << "\r\x1b[K" << count << " " << coloured("34", bar) << "  " << text << std::flush;
  bar_open_ = true;
  if (done == total) end_bar();
}

}  // namespace lessons
