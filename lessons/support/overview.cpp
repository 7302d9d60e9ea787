#include "support/overview.h"

#include <algorithm>
#include <iostream>

#include "support/html.h"
#include "support/lessons.h"
#include "support/terminal.h"
#include "support/text.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPage = "index.html";

std::string claims_of(const Result& result) {
  if (result.claims.empty()) return "";
  return std::to_string(result.claims_held()) + " of " + std::to_string(result.claims.size());
}

std::string how_many(const std::vector<Result>& results) {
  const auto good = std::count_if(results.begin(), results.end(), is_good);
  double seconds = 0;
  for (const Result& result : results) seconds += result.seconds;
  return std::to_string(good) + " of " + std::to_string(results.size()) +
         (results.size() == 1 ? " lesson" : " lessons") + " as claimed, " + duration(seconds) +
         " in all";
}

Table table_of(const std::vector<Result>& results) {
  Table table{{"lesson", "result", "claims that hold", "time"}};
  for (const Result& result : results)
    table.push_back({result.lesson, verdict(result), claims_of(result), duration(result.seconds)});
  return table;
}

std::string summary_of(const Result& result) {
  const Lesson* lesson = find_lesson(result.lesson);
  return lesson == nullptr ? "" : lesson->summary;
}

std::string with_link(const Result& result, const std::string& text) {
  return "<a href=\"#" + escaped(result.lesson) + "\">" + escaped(text) + "</a>";
}

std::string contents_html(const std::vector<Result>& results) {
  std::string html =
      "<div class=\"wide\"><table>\n<tr><th>lesson</th><th>result</th><th>claims that hold</th>"
      "<th>time</th></tr>\n";
  for (const Result& result : results) {
    html += "<tr><td>" + with_link(result, result.lesson) + "</td><td";
    html += is_good(result) ? ">" : " style=\"color: #b91c1c; font-weight: 600\">";
    html += escaped(verdict(result)) + "</td><td>" + claims_of(result) + "</td><td>" +
            duration(result.seconds) + "</td></tr>\n";
  }
  return html + "</table></div>\n";
}

// Links in the lesson's own folder, where there is such a file.
std::string file_link(const fs::path& folder, const Result& result, const std::string& file,
                      const std::string& text) {
  std::error_code ignored;
  if (file.empty() || !fs::exists(folder / result.lesson / file, ignored)) return "";
  return link(result.lesson + "/" + file, text);
}

std::string lesson_html(const fs::path& folder, const Result& result) {
  std::string html = "<section id=\"" + escaped(result.lesson) + "\">\n" +
                     element("h2", result.title.empty() ? result.lesson : result.title) +
                     element("p", summary_of(result));
  // What did not come to an end left no report of its own; an earlier one may lie there.
  const std::string report =
      result.status <= 1 ? file_link(folder, result, "report.html", "Report") : "";
  if (result.status <= 1 && !result.figure.empty()) {
    const std::string picture = result.lesson + "/" + result.figure;
    html +=
        "<figure><a href=\"" + escaped(report.empty() ? picture : result.lesson + "/report.html") +
        "\"><img loading=\"lazy\" alt=\"" + escaped("The main figure of lesson " + result.lesson) +
        "\" src=\"" + escaped(picture) + "\"></a></figure>\n";
  } else if (result.stopped.empty()) {
    html += element("p class=\"small\"", "Its figure was not drawn.");
  }
  if (!result.stopped.empty()) html += problem_html(result.stopped);
  for (const Claim& claim : result.claims) html += claim_html(claim);
  html += "<p class=\"small\">" + escaped(duration(result.seconds));
  if (!result.device.empty()) html += ", " + escaped(result.device);
  html += ", seed " + std::to_string(result.seed) + (result.smoke ? ", smoke run" : "") + ", " +
          escaped(result.ended) + "</p>\n";
  const std::string output = file_link(folder, result, result.output, "What it printed");
  html +=
      "<p>" + report + (report.empty() || output.empty() ? "" : " &middot; ") + output + "</p>\n";
  return html + "</section>\n";
}

}  // namespace

std::string problem_of(const Result& result) {
  if (!result.stopped.empty()) return result.stopped;
  std::string problem;
  for (const Claim& claim : result.claims)
    if (!claim.holds)
      problem += (problem.empty() ? "" : " ") + ("The claim does not hold: " + claim.claim) +
                 ", found " + claim.found + ".";
  return problem;
}

void print_results(const std::vector<Result>& results) {
  Terminal terminal(false);
  terminal.plain("\n");
  terminal.table(table_of(results));
  std::vector<std::string> problems;
  for (const Result& result : results)
    if (!problem_of(result).empty()) problems.push_back(result.lesson + ": " + problem_of(result));
  terminal.list(problems);
  terminal.plain((problems.empty() ? "" : "\n") + how_many(results) + "\n");
}

std::vector<Result> write_overview(const fs::path& folder) {
  std::vector<Result> results;
  for (const Lesson& lesson : all_lessons())
    if (const auto result = read_result(folder / lesson.full_name())) results.push_back(*result);
  std::string html = element("p", how_many(results) + ".") + contents_html(results);
  for (const Result& result : results) html += lesson_html(folder, result);
  weft::write_file(folder / kPage, page_html("The lessons of Weft", html));
  return results;
}

int show_overview(const fs::path& folder) {
  const fs::path absolute = fs::absolute(folder).lexically_normal();
  const auto has_result = [&](const Lesson& lesson) {
    std::error_code ignored;  // one that cannot be looked at is complained of as it is read
    return fs::status(absolute / lesson.full_name() / kResultFile, ignored).type() !=
           fs::file_type::not_found;
  };
  if (std::none_of(all_lessons().begin(), all_lessons().end(), has_result))
    throw weft::FileError(absolute.string() +
                          ": expected the folders of lessons that were run, found none");
  print_results(write_overview(absolute));
  std::cout << "\nThe page: " << (absolute / kPage).string() << std::endl;
  return 0;
}

}  // namespace lessons
