#include "support/report.h"

#include <cstdint>
#include <fstream>
#include <iterator>

#include "support/html.h"

namespace lessons {

namespace {

std::string base64(const std::string& bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at]))
                               : 0u;
    };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t digit = 0; digit < 4; ++digit)
      text += i + digit > bytes.size() ? '=' : kDigits[three >> (18 - 6 * digit) & 63];
  }
  return text;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string figure_html(const Report::Figure& figure) {
  std::string html = "<figure>\n";
  if (figure.picture.empty())
    html += problem_html("This figure was not drawn: " + figure.problem +
                         ". Its numbers and script: " + figure.files);
  else
    html += "<img alt=\"" + escaped(figure.caption) + "\" src=\"data:image/png;base64," +
            base64(content_of(figure.picture)) + "\">\n";
  return html + element("figcaption", figure.caption) + "</figure>\n";
}

}  // namespace

std::string Report::html() const {
  std::string html;
  if (!stopped.empty()) html += problem_html(stopped);
  for (const Claim& claim : claims) html += claim_html(claim);
  for (const std::string& paragraph : story) html += element("p", paragraph);
  html += "<dl>\n";
  for (const auto& [name, value] : facts) html += element("dt", name) + element("dd", value);
  html += "</dl>\n";
  for (const auto& [name, table] : tables) html += element("h2", name) + table_html(table);
  if (!figures.empty()) html += element("h2", "Figures");
  for (const Figure& figure : figures) html += figure_html(figure);
  if (!exercises.empty()) {
    html += element("h2", "Try next") + "<ul>\n";
    for (const std::string& exercise : exercises) html += element("li", exercise);
    html += "</ul>\n";
  }
  if (!profile.empty()) html += element("h2", "Where the time went") + element("pre", profile);
  return page_html(title, html);
}

}  // namespace lessons
