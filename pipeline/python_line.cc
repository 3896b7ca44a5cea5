#include "pipeline/python_line.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace reckon {
namespace {

enum Kind { kVariable, kNumber, kTwice, kSquared, kTimes, kGreater, kSmaller };
constexpr uint64_t kKindsOfOne = 4;  // those before kTimes need one variable
constexpr uint64_t kKinds = 7;

struct Part {
  Kind kind = kVariable;
  size_t x = 0, y = 0;  // which variables; different ones
  int64_t number = 0;
};

std::string name(size_t variable) { return std::string(1, static_cast<char>('x' + variable)); }

Part draw_part(RandomStream& random, const PythonLineShape& shape) {
  const auto variables = static_cast<uint64_t>(shape.variables);
  Part part;
  part.kind = static_cast<Kind>(random.below(variables > 1 ? kKinds : kKindsOfOne));
  part.x = random.below(variables);
  if (part.kind >= kTimes) {
    part.y = random.below(variables - 1);
    if (part.y >= part.x) ++part.y;
  }
  if (part.kind == kNumber) part.number = random.between(1, shape.greatest);
  return part;
}

std::string words(const Part& part) {
  std::string x = name(part.x), y = name(part.y);
  switch (part.kind) {
    case kVariable:
      return x;
    case kNumber:
      return cat(part.number);
    case kTwice:
      return cat("twice ", x);
    case kSquared:
      return cat(x, " squared");
    case kTimes:
      return cat(x, " times ", y);
    case kGreater:
      return cat("greater of ", x, " and ", y);
    case kSmaller:
      return cat("smaller of ", x, " and ", y);
  }
  return "";
}

std::string python(const Part& part) {
  std::string x = name(part.x), y = name(part.y);
  switch (part.kind) {
    case kVariable:
      return x;
    case kNumber:
      return cat(part.number);
    case kTwice:
      return cat("2*", x);
    case kSquared:
      return cat(x, "*", x);
    case kTimes:
      return cat(x, "*", y);
    case kGreater:
      return cat("max(", x, ",", y, ")");
    case kSmaller:
      return cat("min(", x, ",", y, ")");
  }
  return "";
}

using Sum = std::vector<std::pair<int64_t, Part>>;  // signs and parts; the first sign is a plus

std::string text(const Sum& sum, std::string (*write)(const Part&), const char* plus,
                 const char* minus) {
  std::string made;
  for (const auto& [sign, part] : sum)
    made += cat(made.empty() ? "" : sign < 0 ? minus : plus, write(part));
  return made;
}

int64_t value(const Part& part, const std::vector<int64_t>& arguments) {
  int64_t x = arguments[part.x], y = arguments[part.y];
  switch (part.kind) {
    case kVariable:
      return x;
    case kNumber:
      return part.number;
    case kTwice:
      return 2 * x;
    case kSquared:
      return x * x;
    case kTimes:
      return x * y;
    case kGreater:
      return std::max(x, y);
    case kSmaller:
      return std::min(x, y);
  }
  return 0;
}

// No two of one size, none small enough to be taken for a number of the sum. The first case rises
// and the second falls, so that max and min are told from each of their variables.
std::vector<int64_t> draw_arguments(RandomStream& random, int64_t variables, int64_t index) {
  std::vector<int64_t> drawn;
  while (static_cast<int64_t>(drawn.size()) < variables) {
    int64_t size = random.between(10, 99), sign = random.below(2) == 0 ? 1 : -1;
    bool known = std::any_of(drawn.begin(), drawn.end(),
                             [&](int64_t other) { return std::abs(other) == size; });
    if (!known) drawn.push_back(sign * size);
  }
  if (index == 0) std::sort(drawn.begin(), drawn.end());
  if (index == 1) std::sort(drawn.rbegin(), drawn.rend());
  return drawn;
}

}  // namespace

Row python_line(RandomStream& random, const PythonLineShape& shape) {
  Sum sum;
  for (int64_t i = 0; i < shape.parts; ++i) {
    bool minus = i > 0 && random.below(2) == 1;
    sum.emplace_back(minus ? -1 : 1, draw_part(random, shape));
  }
  nlohmann::json cases = nlohmann::json::array();
  for (int64_t i = 0; i < shape.cases; ++i) {
    std::vector<int64_t> arguments = draw_arguments(random, shape.variables, i);
    int64_t expected = 0;
    for (const auto& [sign, part] : sum) expected += sign * value(part, arguments);
    cases.push_back({{"args", arguments}, {"expected", expected}});
  }
  Sum shown = sum;
  for (auto& [sign, part] : shown) {
    if (static_cast<int64_t>(random.below(100)) < shape.slips) part = draw_part(random, shape);
  }
  std::vector<std::string> names;
  for (int64_t i = 0; i < shape.variables; ++i) names.push_back(name(static_cast<size_t>(i)));
  return {cat("def f(", join(names, ","), "):  # ", text(sum, words, " plus ", " minus "),
              "\n    return "),
          {{"answer", text(sum, python, "+", "-")},
           {"completion", text(shown, python, "+", "-")},
           {"tests", {{"type", "call"}, {"entry", "f"}, {"cases", std::move(cases)}}}}};
}

}  // namespace reckon
