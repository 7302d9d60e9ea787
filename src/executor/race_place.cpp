// Instructions are numbered by their distance from a function of this file, which is in the same program;
// sites of the executor's own accesses from kFirstSite on.

#include "src/executor/race_place.h"

#include <algorithm>
#include <vector>

#include "src/executor/block_runner.h"
#include "src/executor/source_place.h"

namespace weft::executor::race {
namespace {

constexpr std::int32_t kFirstSite = 1 << 30;  // programs are smaller than a GiB

std::vector<Site>& sites() {
  static std::vector<Site>& the_sites = *new std::vector<Site>;
  return the_sites;
}

bool same(const Site& a, const Site& b) {
  return a.file_name() == b.file_name() && a.line() == b.line();
}

std::intptr_t origin() { return reinterpret_cast<std::intptr_t>(&number_of_place); }

}  // namespace

std::int32_t number_of_place(Place place) {
  if (place.instruction != nullptr)
    return static_cast<std::int32_t>(reinterpret_cast<std::intptr_t>(place.instruction) - 1 -
                                     origin());
  const auto known = std::find_if(sites().begin(), sites().end(),
                                  [&](const Site& site) { return same(site, place.site); });
  const auto number = static_cast<std::int32_t>(known - sites().begin());
  if (known == sites().end()) sites().push_back(place.site);
  return kFirstSite + number;
}

std::string name_of_place(std::int32_t number) {
  if (number >= kFirstSite)
    return to_string(sites()[static_cast<std::size_t>(number - kFirstSite)]);
  const std::intptr_t instruction = origin() + number;
  std::string text;
  for (const SourcePlace& call : source_places(reinterpret_cast<const void*>(instruction)))
    text += (text.empty() ? "" : ", called in ") + call.place;
  return text.empty() ? "an unknown line" : text;
}

}  // namespace weft::executor::race
