#include "rewards/code/extract.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/text.h"

namespace reckon {
namespace {

struct Block {
  std::string name;  // in lower case; what stands behind the opening fence, up to a blank
  std::string_view code;
};

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return made;
}

struct Fence {
  char mark = 0;
  size_t length = 0;
  std::string_view behind;
};

// Three or more backticks or tildes at the begin of a line, indented by three blanks at most.
std::optional<Fence> fence(std::string_view line) {
  size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || begin > 3) return std::nullopt;
  char mark = line[begin];
  if (mark != '`' && mark != '~') return std::nullopt;
  size_t end = std::min(line.find_first_not_of(mark, begin), line.size());
  if (end - begin < 3) return std::nullopt;
  std::string_view behind = line.substr(end);
  while (!behind.empty() && std::isspace(static_cast<unsigned char>(behind.front())))
    behind.remove_prefix(1);
  while (!behind.empty() && std::isspace(static_cast<unsigned char>(behind.back())))
    behind.remove_suffix(1);
  return Fence{mark, end - begin, behind};
}

// Closed blocks, in order.
std::vector<Block> blocks(std::string_view text) {
  std::vector<Block> found;
  std::optional<Fence> open;
  size_t code = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    auto here = fence(text.substr(begin, end - begin));
    size_t next = std::min(end + 1, text.size());
    if (here && !open) {
      open = here;
      code = next;
    } else if (here && here->mark == open->mark && here->length >= open->length &&
               here->behind.empty()) {
      std::string_view name = open->behind.substr(
          0, std::min(open->behind.find_first_of(" \t{,"), open->behind.size()));
      found.push_back({lower(name), text.substr(code, begin - std::min(begin, code))});
      if (begin < code) found.back().code = {};
      open.reset();
    }
    begin = end + 1;
  }
  return found;
}

bool is_named(const Block& block, ProgramLanguage language) {
  if (language == ProgramLanguage::python)
    return block.name == "python" || block.name == "py" || block.name == "python3";
  return block.name == "cpp" || block.name == "c++" || block.name == "cc" || block.name == "cxx";
}

}  // namespace

ExtractedCode extract_code(std::string_view response, ProgramLanguage language) {
  constexpr std::string_view kEnd = "</think>";
  size_t end = response.rfind(kEnd);
  if (end != std::string_view::npos) {
    response.remove_prefix(end + kEnd.size());
  } else if (response.find("<think>") != std::string_view::npos) {
    return {false, "", "no program: the thoughts have no end"};
  }
  std::vector<Block> all = blocks(response);
  const Block* taken = nullptr;
  for (const Block& block : all)
    if (is_named(block, language)) taken = &block;
  for (const Block& block : all)
    if (taken == nullptr || (taken->name.empty() && block.name.empty()))
      if (block.name.empty()) taken = &block;
  if (taken == nullptr)
    return {false, "",
            all.empty() ? "no program: no closed fenced block"
                        : "no program: no fenced block of the language"};
  auto index = static_cast<size_t>(taken - all.data());
  return {
      true, std::string(taken->code),
      cat("block ", index + 1, " of ", all.size(),
          taken->name.empty() ? "" : " (" + taken->name + ")", ", ", taken->code.size(), " bytes")};
}

ExtractedCode continue_prompt(std::string_view prompt, std::string_view response) {
  return {true, cat(prompt, response), cat("the prompt and ", response.size(), " bytes behind it")};
}

}  // namespace reckon
