#include "src/ops/profile_scope.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "weft/profile.h"

namespace weft {
namespace {

struct Row {
  std::int64_t calls = 0;
  double seconds = 0;
};
using Table = std::map<std::pair<std::string, Device>, Row>;

std::atomic<bool> is_profiling{false};
std::mutex mutex;
Table& table() {
  static Table& rows = *new Table;
  return rows;
}
thread_local ops::ProfileScope* innermost = nullptr;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

namespace ops {

ProfileScope::ProfileScope(const char* op, Device device) : device_(device) {
  if (!is_profiling.load(std::memory_order_relaxed)) return;
  synchronize(device);
  op_ = op;
  outer_ = std::exchange(innermost, this);
  begin_ = now();
}

ProfileScope::~ProfileScope() {
  if (op_ == nullptr) return;
  try {
    synchronize(device_);
  } catch (...) {  // a broken device reports itself at the next call that may throw
  }
  const double seconds = now() - begin_;
  innermost = outer_;
  if (outer_ != nullptr) outer_->inside_ += seconds;
  const std::lock_guard lock(mutex);
  Row& row = table()[{op_, device_}];
  ++row.calls;
  row.seconds += seconds - inside_;
}

}  // namespace ops

void set_profiling(bool on) {
  const std::lock_guard lock(mutex);
  if (on && !is_profiling) table().clear();
  is_profiling = on;
}

std::string profile_report() {
  const std::lock_guard lock(mutex);
  std::vector<std::pair<Table::key_type, Row>> rows(table().begin(), table().end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  double all = 0;
  for (const auto& [op, row] : rows) all += row.seconds;
  std::string report = "op                        device      calls   total ms    mean us  share\n";
  for (const auto& [op, row] : rows) {
    char line[160];
    std::snprintf(line, sizeof line, "%-25s %-6s %10lld %10.3f %10.2f %5.1f%%\n", op.first.c_str(),
                  name_of(op.second), static_cast<long long>(row.calls), row.seconds * 1e3,
                  row.seconds * 1e6 / static_cast<double>(row.calls),
                  all > 0 ? row.seconds / all * 100 : 0);
    report += line;
  }
  return report;
}

}  // namespace weft
