#include "rewards/columns.h"

#include "rewards/math/extract_steps.h"

namespace reckon {
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
  std::vector<math::Box> boxes = math::find_boxes(text);
  if (boxes.empty()) return std::nullopt;
  const math::Box& last = boxes.back();
  return last.closed == math::Box::Closed::never ? std::string_view() : math::unboxed(last.text);
}

}  // namespace reckon
