#include "tests/support/fragment_layouts.h"

#include <algorithm>
#include <functional>
#include <iomanip>
#include <map>
#include <sstream>
#include <tuple>

namespace weft::test {
namespace {

constexpr int kD = ProductProbe::kDSlots;

/// The one number that `label` gives for those of `slots` that it knows (others: -1); -1 where there is none,
/// or more than one.
int only_label(const std::vector<int>& slots, const std::function<int(int)>& label) {
  int only = -1;
  for (const int slot : slots) {
    const int found = label(slot);
    if (found < 0 || found == only) continue;
    if (only >= 0) return -1;
    only = found;
  }
  return only;
}

/// The slots of d that row `slot` of a probe reaches; `partners`: the other operand's slots, one for each.
std::vector<int> reached(const std::vector<float>& alone, int slot, std::vector<int>* partners) {
  std::vector<int> at;
  for (int d = 0; d < kD; ++d) {
    const float value = alone[static_cast<std::size_t>(slot * kD + d)];
    if (value == 0) continue;
    at.push_back(d);
    partners->push_back(static_cast<int>(value) - 1);
  }
  return at;
}

std::string cell(const ElementPlace& place) {
  if (place.row < 0 || place.column < 0) return "?";
  return (place.matrix < 0 ? "" : std::to_string(place.matrix) + ":") + std::to_string(place.row) +
         "," + std::to_string(place.column);
}

std::string slot_name(const FragmentLayout& layout, int reg, int half) {
  return std::to_string(reg) + (layout.halves == 1 ? "" : half == 0 ? ".lo" : ".hi");
}

using Key = std::tuple<std::string, int, std::string>;  // section, lane, slot

std::map<Key, std::string> cells_of(const std::string& text) {
  std::map<Key, std::string> cells;
  std::istringstream lines(text);
  std::string section;
  std::vector<std::string> slots;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string word;
    if (line[0] == 'l' && line.rfind("lane", 0) == 0) {
      slots.clear();
      for (words >> word; words >> word;) slots.push_back(word);
    } else if (line[0] != ' ') {
      section = line;
    } else {
      int lane = -1;
      words >> lane;
      for (const std::string& slot : slots)
        cells[{section, lane, slot}] = words >> word ? word : "nothing";
    }
  }
  return cells;
}

}  // namespace

std::vector<FragmentLayout> layouts_of_product(const std::string& name, int halves,
                                               const ProductProbe& probe) {
  FragmentLayout a{name + " A", 4, halves}, b{name + " B", 2, halves};
  FragmentLayout c{name + " C", 4, 1}, d{name + " D", 4, 1};
  for (FragmentLayout* layout : {&a, &b, &c, &d})
    layout->places.resize(static_cast<std::size_t>(layout->slots()));

  // What has its place by convention: row 0 and column 0 of D, column 0 of B.
  std::map<int, int> row_of_d, column_of_d, term_of_b;
  for (int i = 0; i < 8; ++i) {
    row_of_d[d.slot(4 * i, 0)] = i;
    row_of_d[d.slot(4 * i, 2)] = i + 8;
    column_of_d[d.slot(i / 2, i % 2)] = i;
  }
  for (int lane = 0; lane < 4; ++lane)
    for (int reg = 0; reg < 2; ++reg)
      for (int half = 0; half < halves; ++half)
        term_of_b[b.slot(lane, reg, half)] =
            halves == 2 ? 2 * lane + half + 8 * reg : lane + 4 * reg;
  const auto known = [](const std::map<int, int>& labels) {
    return [&labels](int slot) {
      const auto at = labels.find(slot);
      return at == labels.end() ? -1 : at->second;
    };
  };

  // An element of A reaches the row of D that is its own, once in each column, and meets one element of B there.
  std::map<int, std::vector<int>> rows_that_reach, columns_that_reach;  // of a slot of d
  for (int slot = 0; slot < a.slots(); ++slot) {
    std::vector<int> partners;
    const std::vector<int> at = reached(probe.a_alone, slot, &partners);
    if (at.size() != 8) continue;
    ElementPlace& place = a.places[static_cast<std::size_t>(slot)];
    place = {only_label(at, known(row_of_d)), only_label(partners, known(term_of_b))};
    for (const int to : at) rows_that_reach[to].push_back(place.row);
  }
  // An element of B likewise its column, and there the elements of A that are of its term.
  for (int slot = 0; slot < b.slots(); ++slot) {
    std::vector<int> partners;
    const std::vector<int> at = reached(probe.b_alone, slot, &partners);
    if (at.size() != 16) continue;
    const auto term = [&](int of_a) {
      return of_a >= 0 && of_a < a.slots() ? a.places[static_cast<std::size_t>(of_a)].column : -1;
    };
    ElementPlace& place = b.places[static_cast<std::size_t>(slot)];
    place = {only_label(partners, term), only_label(at, known(column_of_d))};
    for (const int to : at) columns_that_reach[to].push_back(place.column);
  }
  for (int slot = 0; slot < kD; ++slot) {
    const auto self = [](int label) { return label; };
    d.places[static_cast<std::size_t>(slot)] = {only_label(rows_that_reach[slot], self),
                                                only_label(columns_that_reach[slot], self)};
    const int of_c = static_cast<int>(probe.c_alone[static_cast<std::size_t>(slot)]) - 1;
    if (of_c >= 0 && of_c < kD)
      c.places[static_cast<std::size_t>(of_c)] = d.places[static_cast<std::size_t>(slot)];
  }
  return {a, b, c, d};
}

std::string text_of(const std::vector<FragmentLayout>& layouts) {
  std::ostringstream text;
  for (const FragmentLayout& layout : layouts) {
    text << '\n' << layout.name << "\nlane";
    for (int i = 0; i < layout.registers * layout.halves; ++i)
      text << std::setw(7) << slot_name(layout, i / layout.halves, i % layout.halves);
    text << '\n';
    for (int lane = 0; lane < kFragmentLanes; ++lane) {
      text << std::setw(4) << lane;
      for (int i = 0; i < layout.registers * layout.halves; ++i)
        text << std::setw(7)
             << cell(layout.places[static_cast<std::size_t>(layout.slot(lane, 0) + i)]);
      text << '\n';
    }
  }
  return text.str();
}

std::vector<std::string> differences(const std::string& expected, const std::string& found,
                                     bool all) {
  const std::map<Key, std::string> right = cells_of(expected), mine = cells_of(found);
  std::vector<std::string> lines;
  const auto add = [&](const Key& key, const std::string& should, const std::string& is) {
    const auto& [section, lane, slot] = key;
    lines.push_back(section + ", lane " + std::to_string(lane) + ", register " + slot +
                    ": expected " + should + ", found " + is);
  };
  for (const auto& [key, text] : mine) {
    const auto at = right.find(key);
    if (at == right.end() || at->second != text)
      add(key, at == right.end() ? "nothing" : at->second, text);
  }
  for (const auto& [key, text] : right)
    if (all && !mine.contains(key)) add(key, text, "nothing");
  return lines;
}

}  // namespace weft::test
