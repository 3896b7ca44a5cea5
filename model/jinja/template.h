// A Jinja template of the subset that chat templates use, with transformers' settings (docs/
// chat_templates.md). Immutable after parsing, thread-safe. Every failure is Error(data) with the
// template's place, line and column; a template that runs on, nests without end or writes without
// end is stopped by its limits.
//
//   jinja::Template greeting("Hello {{ name | trim }}!", "greeting");
//   greeting.render({{"name", " Ada "}}) == "Hello Ada!"
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "model/jinja/evaluator.h"

namespace reckon::jinja {

class Template {
 public:
  Template(std::string_view source, std::string place);
  ~Template();
  Template(Template&&) noexcept;

  // `variables` is an object; `date` (year-month-day) is what strftime_now tells.
  std::string render(const nlohmann::ordered_json& variables,
                     const std::optional<std::string>& date = std::nullopt,
                     const Limits& limits = {}) const;

 private:
  std::string place_;
  Body body_;
};

}  // namespace reckon::jinja
