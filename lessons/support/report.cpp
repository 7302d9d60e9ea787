#include "support/report.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>

namespace lessons {

namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light; --text: #2b2f36; --muted: #6b7280; --line: #e5e7eb; }
body { margin: 0; background: #f6f7f9; color: var(--text);
  font: 17px/1.6 Inter, system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 28px 20px 60px; background: #fff; }
h1 { font-size: 1.7em; line-height: 1.25; margin: 0.2em 0 0.6em; }
h2 { font-size: 1.2em; margin: 2em 0 0.5em; }
figure { margin: 1.6em 0; }
img { width: 100%; height: auto; display: block; border: 1px solid var(--line); border-radius: 6px; }
figcaption { color: var(--muted); font-size: 0.9em; margin-top: 0.5em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.35em 0.8em; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25em 1.2em; font-size: 0.95em; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.claim { border-left: 5px solid; padding: 0.7em 1em; margin: 1em 0; border-radius: 4px; }
.holds { border-color: #059669; background: #ecfdf5; }
.fails { border-color: #dc2626; background: #fef2f2; }
code, pre { font: 0.88em/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { overflow-x: auto; background: #f6f7f9; padding: 1em; border-radius: 6px; }
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

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

std::string element(const std::string& tag, const std::string& text) {
  return "<" + tag + ">" + escaped(text) + "</" + tag.substr(0, tag.find(' ')) + ">\n";
}

std::string figure_html(const Report::Figure& figure) {
  std::string html = "<figure>\n";
  if (figure.picture.empty())
    html += element("p", "This figure was not drawn. Its numbers and script: " + figure.files);
  else
    html += "<img alt=\"" + escaped(figure.caption) + "\" src=\"data:image/png;base64," +
            base64(content_of(figure.picture)) + "\">\n";
  return html + element("figcaption", figure.caption) + "</figure>\n";
}

std::string table_html(const Table& table) {
  std::string html = "<div class=\"wide\"><table>\n";
  for (std::size_t r = 0; r < table.size(); ++r) {
    html += "<tr>";
    for (const std::string& cell : table[r]) {
      const std::string tag = r == 0 ? "th" : "td";
      html += "<" + tag + ">" + escaped(cell) + "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string claim_html(const Report::Claim& claim) {
  const char* verdict = claim.holds ? "The claim holds" : "The claim does not hold";
  return std::string("<div class=\"claim ") + (claim.holds ? "holds" : "fails") + "\"><strong>" +
         verdict +
         (claim.only_reported.empty() ? "" : " (reported only: " + claim.only_reported + ")") +
         ".</strong> Claim: " + escaped(claim.claim) + ". Found: " + escaped(claim.found) +
         ".</div>\n";
}

}  // namespace

std::string Report::html() const {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += element("title", title) + "<style>" + kStyle + "</style>\n</head>\n<body>\n<main>\n";
  html += element("h1", title);
  if (!stopped.empty()) html += "<div class=\"claim fails\">" + escaped(stopped) + "</div>\n";
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
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace lessons
