#include "support/html.h"

namespace lessons {

namespace {

// Dark on white. On a phone: no zooming out, pictures as wide as the page, tables that scroll by themselves.
constexpr const char* kStyle = R"(
:root { color-scheme: light; --text: #2b2f36; --muted: #5b6472; --line: #e5e7eb; }
body { margin: 0; background: #f6f7f9; color: var(--text);
  font: 17px/1.6 Inter, system-ui, -apple-system, "Segoe UI", sans-serif;
  overflow-wrap: break-word; -webkit-text-size-adjust: 100%; }
main { box-sizing: border-box; max-width: 900px; margin: 0 auto; padding: 28px 20px 40px;
  background: #fff; }
h1 { font-size: 1.7em; line-height: 1.25; margin: 0.2em 0 0.6em; }
h2 { font-size: 1.2em; line-height: 1.3; margin: 2em 0 0.5em; }
a { color: #1d4ed8; }
figure { margin: 1.6em 0; }
img { width: 100%; height: auto; display: block; border: 1px solid var(--line); border-radius: 6px;
  box-sizing: border-box; }
figcaption, .small, footer { color: var(--muted); font-size: 0.9em; }
figcaption { margin-top: 0.5em; }
footer { border-top: 1px solid var(--line); margin-top: 3em; padding-top: 0.8em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.35em 0.8em; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25em 1.2em;
  font-size: 0.95em; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.claim { border-left: 5px solid; padding: 0.7em 1em; margin: 1em 0; border-radius: 4px; }
.holds { border-color: #059669; background: #ecfdf5; }
.fails { border-color: #dc2626; background: #fef2f2; }
.reported { border-color: #6b7280; background: #f3f4f6; }
code, pre { font: 0.88em/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { overflow-x: auto; background: #f6f7f9; padding: 1em; border-radius: 6px; }
@media (max-width: 600px) {
  body { font-size: 16px; }
  main { padding: 16px 14px 28px; }
  h1 { font-size: 1.45em; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 0.5em; }
  table { font-size: 0.9em; }
  th, td { padding: 0.35em 0.5em; }
  td:first-child { white-space: normal; }
}
)";

}  // namespace

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

std::string element(const std::string& tag, const std::string& text) {
  return "<" + tag + ">" + escaped(text) + "</" + tag.substr(0, tag.find(' ')) + ">\n";
}

std::string link(const std::string& to, const std::string& text) {
  return "<a href=\"" + escaped(to) + "\">" + escaped(text) + "</a>";
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

std::string claim_html(const Claim& claim) {
  const bool decides = claim.only_reported.empty();
  const char* colour = claim.holds ? "holds" : decides ? "fails" : "reported";
  return std::string("<div class=\"claim ") + colour + "\"><strong>" +
         (claim.holds ? "The claim holds" : "The claim does not hold") +
         (decides ? "" : " (reported only: " + escaped(claim.only_reported) + ")") +
         ".</strong> Claim: " + escaped(claim.claim) + ". Found: " + escaped(claim.found) +
         ".</div>\n";
}

std::string problem_html(const std::string& sentence) {
  return "<div class=\"claim fails\">" + escaped(sentence) + "</div>\n";
}

std::string page_html(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
         element("title", title) + "<style>" + kStyle + "</style>\n</head>\n<body>\n<main>\n" +
         element("h1", title) + body +
         element("footer", std::string("Written by Weft ") + WEFT_VERSION + ", " + time_now()) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace lessons
