#include "src/figures/colours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "src/figures/script.h"
#include "weft/error.h"
#include "weft/figures.h"

namespace weft::figures {

namespace {

std::array<double, 3> channels(const std::string& colour) {
  std::array<double, 3> result{};
  for (std::size_t i = 0; i < 3; ++i)
    result[i] = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
  return result;
}

}  // namespace

std::string colour_or(const std::string& colour, std::size_t index) {
  if (colour.empty()) return kColours[index % std::size(kColours)];
  if (colour.size() != 7 || colour[0] != '#' ||
      colour.find_first_not_of("0123456789abcdefABCDEF", 1) != std::string::npos)
    throw ShapeError("a figure's colour: expected \"#rrggbb\", got \"" + colour + "\"");
  return colour;
}

int byte_of(double channel) {
  return std::isfinite(channel) ? static_cast<int>(std::lround(255 * std::clamp(channel, 0.0, 1.0)))
                                : 0;
}

std::string colour_of(double red, double green, double blue) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string colour = "#";
  for (const double channel : {red, green, blue}) {
    const int value = byte_of(channel);
    colour += kDigits[value / 16];
    colour += kDigits[value % 16];
  }
  return colour;
}

std::string between(const std::string& from, const std::string& to, double share) {
  const auto a = channels(from), b = channels(to);
  const auto mixed = [&](std::size_t i) { return a[i] + share * (b[i] - a[i]); };
  return colour_of(mixed(0), mixed(1), mixed(2));
}

bool is_dark(const std::string& colour) {
  const auto c = channels(colour);
  return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] < 0.52;
}

std::string palette_command(const Gradient& gradient) {
  std::string command = "set palette defined (";
  for (std::size_t i = 0; i < gradient.size(); ++i)
    command += (i == 0 ? "" : ", ") + number(gradient[i].at) + " '" + gradient[i].colour + "'";
  return command + "); set cbrange [" + number(gradient.front().at) + ":" +
         number(gradient.back().at) + "]; unset colorbox";
}

std::string colour_at(const Gradient& gradient, double value) {
  if (!(value > gradient.front().at)) return gradient.front().colour;
  for (std::size_t i = 1; i < gradient.size(); ++i) {
    const Stop &low = gradient[i - 1], &high = gradient[i];
    if (value <= high.at)
      return between(low.colour, high.colour, (value - low.at) / (high.at - low.at));
  }
  return gradient.back().colour;
}

}  // namespace weft::figures

namespace weft {

// From a pale to a dark violet, so that a series stands apart from the figures' other colours.
std::string colour_in_series(double share) {
  return figures::between("#d6ccf7", "#4c1d95", std::clamp(share, 0.0, 1.0));
}

}  // namespace weft
