#include "model/jinja/template.h"

#include "base/error.h"
#include "base/text.h"
#include "model/jinja/parser.h"

namespace reckon::jinja {
namespace {

[[noreturn]] void raise(const std::string& place, const LocatedFault& located) {
  throw Error(Code::data, cat(place, ":", located.spot.line, ":", located.spot.column),
              located.fault.problem, located.fault.remedy);
}

}  // namespace

Template::Template(std::string_view source, std::string place) : place_(std::move(place)) {
  try {
    body_ = parse_template(source);
  } catch (const LocatedFault& located) {
    raise(place_, located);
  }
}

Template::~Template() = default;
Template::Template(Template&&) noexcept = default;

std::string Template::render(const nlohmann::ordered_json& variables,
                             const std::optional<std::string>& date, const Limits& limits) const {
  try {
    Evaluator evaluator(limits, date);
    for (const auto& [name, value] : variables.items())
      evaluator.define(name, Value::from_json(value));
    return evaluator.run(body_);
  } catch (const LocatedFault& located) {
    raise(place_, located);
  } catch (const Fault& fault) {  // of a variable
    throw Error(Code::data, place_, fault.problem, fault.remedy);
  }
}

}  // namespace reckon::jinja
