#include "src/executor/race_clock.h"

#include <algorithm>
#include <bit>

namespace weft::executor::race {

void Knowledge::learn(std::uint64_t who, std::uint64_t until) {
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), who,
                                      [](const Entry& e, std::uint64_t w) { return e.who < w; });
  if (place != entries_.end() && place->who == who)
    place->until = std::max(place->until, until);
  else
    entries_.insert(place, {who, until});
}

void Knowledge::learn(const Knowledge& other) {
  if (other.is_empty()) return;
  std::vector<Entry> both;
  both.reserve(entries_.size() + other.entries_.size());
  auto a = entries_.begin();
  for (const Entry& b : other.entries_) {
    while (a != entries_.end() && a->who < b.who) both.push_back(*a++);
    both.push_back(b);
    if (a != entries_.end() && a->who == b.who) both.back().until = std::max(b.until, (a++)->until);
  }
  both.insert(both.end(), a, entries_.end());
  entries_ = std::move(both);
}

std::uint64_t Knowledge::until(std::uint64_t who) const {
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), who,
                                      [](const Entry& e, std::uint64_t w) { return e.who < w; });
  return place != entries_.end() && place->who == who ? place->until : 0;
}

bool Knowledge::covers(const Access& access) const {
  if (entries_.empty()) return false;
  const auto thread = access.thread();
  return access.time() < until(key(access.block(), kBlock)) ||
         access.time() < until(key(access.block(), kWarps + thread / 32)) ||
         access.time() < until(key(access.block(), thread));
}

void BlockClock::begin(std::uint64_t block, unsigned threads) {
  block_ = block;
  threads_ = threads;
  now_ = floor_ = 1;
  warp_floor_.fill(0);
  time_.assign(threads, 1);
  if (has_more_ || own_.size() != threads) {
    common_.clear();
    own_.assign(threads, {});
    has_more_ = false;
  }
}

void BlockClock::all_met() {
  floor_ = ++now_;
  if (!has_more_) return;
  for (Knowledge& own : own_) {
    common_.learn(own);
    own.clear();
  }
}

void BlockClock::lanes_met(unsigned warp, unsigned lanes) {
  const unsigned first = 32 * warp, count = std::min(32u, threads_ - first);
  Knowledge more;
  for (unsigned left = lanes; has_more_ && left != 0; left &= left - 1)
    more.learn(own_[first + static_cast<unsigned>(std::countr_zero(left))]);
  if (lanes == (count == 32 ? ~0u : (1u << count) - 1)) {  // all that the warp began with
    warp_floor_[warp] = ++now_;
  } else {  // each learns of the others
    for (unsigned left = lanes; left != 0; left &= left - 1) {
      const unsigned thread = first + static_cast<unsigned>(std::countr_zero(left));
      more.learn_thread(block_, thread, time(thread) + 1);
    }
    ++now_;
    for (unsigned left = lanes; left != 0; left &= left - 1)
      time_[first + static_cast<unsigned>(std::countr_zero(left))] = now_;
  }
  if (more.is_empty()) return;
  has_more_ = true;
  for (unsigned left = lanes; left != 0; left &= left - 1)
    own_[first + static_cast<unsigned>(std::countr_zero(left))] = more;
}

Knowledge BlockClock::release(unsigned thread) {
  Knowledge all = common_;
  all.learn(own_[thread]);
  all.learn_block(block_, floor_);
  if (warp_floor_[thread / 32] > floor_)
    all.learn_warp(block_, thread / 32, warp_floor_[thread / 32]);
  all.learn_thread(block_, thread, time(thread) + 1);
  time_[thread] = ++now_;
  return all;
}

void BlockClock::acquire(unsigned thread, const Knowledge& knowledge) {
  if (knowledge.is_empty()) return;
  own_[thread].learn(knowledge);
  has_more_ = true;
}

}  // namespace weft::executor::race
