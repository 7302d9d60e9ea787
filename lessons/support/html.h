#pragma once

// What the pages have in common: one style, in the page itself, and their parts.

#include <string>
#include <string_view>

#include "support/result.h"
#include "support/terminal.h"

namespace lessons {

std::string escaped(std::string_view text);
std::string element(const std::string& tag, const std::string& text);  // the text is escaped
std::string link(const std::string& to, const std::string& text);      // the same
std::string table_html(const Table& table);  // scrolls where it is too wide
std::string claim_html(const Claim& claim);
std::string problem_html(const std::string& sentence);

/// The whole page; `body` is HTML.
std::string page_html(const std::string& title, const std::string& body);

}  // namespace lessons
