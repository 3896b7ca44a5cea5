#include "rewards/columns.h"

#include <algorithm>

namespace reckon {
namespace {

// What stands between the brace before `begin` and the one that closes it; `\{` and `\}` are text.
std::string_view until_closed(std::string_view text, size_t begin) {
  int depth = 1;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return text.substr(begin, i - begin);
    }
  }
  return {};
}

}  // namespace

const nlohmann::json* find_column(const nlohmann::json& row, std::string_view name) {
  if (!row.is_object()) return nullptr;
  auto own = row.find(name);
  if (own != row.end()) return &*own;
  size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  auto outer = row.find(name.substr(0, dot));
  return outer == row.end() ? nullptr : find_column(*outer, name.substr(dot + 1));
}

std::optional<std::string> plain_text(const nlohmann::json& value) {
  if (value.is_null() || value.is_structured()) return std::nullopt;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::optional<std::string_view> last_boxed(std::string_view text) {
  for (size_t at = text.rfind('\\'); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : text.rfind('\\', at - 1)) {
    std::string_view rest = text.substr(at);
    size_t length = rest.starts_with("\\boxed") ? 6 : rest.starts_with("\\fbox") ? 5 : 0;
    if (length == 0 || length == rest.size()) continue;
    size_t begin = std::min(rest.find_first_not_of(' ', length), rest.size());
    if (begin < rest.size() && rest[begin] == '{') return until_closed(rest, begin + 1);
    if (begin == length) continue;  // \boxedsomething
    size_t end = std::min(rest.find_first_of(" \t\r\n$.,;", begin), rest.size());
    return rest.substr(begin, end - begin);
  }
  return std::nullopt;
}

}  // namespace reckon
