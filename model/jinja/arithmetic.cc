// Python's arithmetic signs and slices.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/jinja/evaluator.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

[[noreturn]] void unsupported(const std::string& sign, const Value& a, const Value& b) {
  for (const Value* side : {&a, &b})
    if (side->is_undefined()) fail(side->why_undefined());
  if (sign == "+" && a.is_text())
    fail(cat("can only concatenate str (not \"", b.type_name(), "\") to str"));
  fail(cat("unsupported operand type(s) for ", sign, ": '", a.type_name(), "' and '", b.type_name(),
           "'"));
}

int64_t floor_quotient(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

Value power(int64_t base, int64_t exponent) {
  if (exponent < 0) return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  int64_t result = 1;
  if (base == 0 || base == 1) return exponent == 0 ? int64_t{1} : base;
  if (base == -1) return exponent % 2 ? int64_t{-1} : int64_t{1};
  for (; exponent > 0; --exponent)
    if (__builtin_mul_overflow(result, base, &result)) refuse("an integer beyond 64 bits");
  return result;
}

Value of_integers(const std::string& sign, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (sign == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (sign == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (sign == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (sign == "**") {
    if (a == 0 && b < 0) fail("0.0 cannot be raised to a negative power");
    return power(a, b);
  } else if (b == 0) {
    fail("division by zero");
  } else if (sign == "/") {
    return static_cast<double>(a) / static_cast<double>(b);
  } else if (a == INT64_MIN && b == -1) {
    overflow = sign == "//";
  } else if (sign == "//") {
    result = floor_quotient(a, b);
  } else {
    result = a - floor_quotient(a, b) * b;
  }
  if (overflow) refuse("an integer beyond 64 bits");
  return result;
}

Value of_floats(const std::string& sign, double a, double b) {
  if (sign == "+") return a + b;
  if (sign == "-") return a - b;
  if (sign == "*") return a * b;
  if (sign == "**") {
    if (a == 0 && b < 0) fail("0.0 cannot be raised to a negative power");
    if (a < 0 && b != std::floor(b)) refuse("a complex number");
    return std::pow(a, b);
  }
  if (b == 0) fail("float division by zero");
  if (sign == "/") return a / b;
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (sign == "%") return rest == 0 ? std::copysign(0.0, b) : rest;
  return std::floor((a - rest) / b + 0.5);
}

// Text or a list, `count` times.
Value repeated(const Value& value, int64_t count, Budget& budget) {
  count = std::max<int64_t>(count, 0);
  int64_t weight = value.weight() + 1;
  if (count > (int64_t{1} << 40) / weight)
    count = (int64_t{1} << 40) / weight;  // more than any budget
  budget.charge(count * weight);
  if (value.is_text()) {
    std::string text;
    for (int64_t i = 0; i < count; ++i) text += value.text();
    return text;
  }
  std::vector<Value> items;
  const Sequence& sequence = *value.sequence();
  for (int64_t i = 0; i < count; ++i)
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  return std::make_shared<const Sequence>(sequence.kind, std::move(items));
}

bool is_list(const Value& value) {
  return value.sequence() && value.sequence()->kind <= Sequence::Kind::tuple;
}

std::optional<int64_t> bound(const Value& value) {
  if (value.is_none()) return std::nullopt;
  if (value.is_undefined()) fail(value.why_undefined());
  if (!value.is_integral()) fail("slice indices must be integers or None");
  return value.integer();
}

// The positions that [start:stop:step] picks of `size`.
std::vector<size_t> picked(int64_t size, const Value& start, const Value& stop, const Value& step) {
  int64_t stride = bound(step).value_or(1);
  if (stride == 0) fail("slice step cannot be zero");
  stride = std::clamp(stride, -size - 1, size + 1);  // further steps land outside as well
  auto place = [&](const Value& value, int64_t otherwise) {
    auto at = bound(value);
    if (!at) return otherwise;
    int64_t low = stride < 0 ? -1 : 0, high = stride < 0 ? size - 1 : size;
    return std::clamp(*at < 0 ? std::max(*at, -size - 1) + size : *at, low, high);
  };
  int64_t from = place(start, stride < 0 ? size - 1 : 0), to = place(stop, stride < 0 ? -1 : size);
  std::vector<size_t> positions;
  for (int64_t i = from; stride < 0 ? i > to : i < to; i += stride)
    positions.push_back(static_cast<size_t>(i));
  return positions;
}

}  // namespace

Value arithmetic(const std::string& sign, const Value& a, const Value& b, Budget& budget) {
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return of_floats(sign, a.number(), b.number());
    return of_integers(sign, a.integer(), b.integer());
  }
  if (sign == "+" && a.is_text() && b.is_text()) {
    budget.charge_bytes(a.text().size() + b.text().size());
    return joined(a, b);
  }
  if (sign == "+" && is_list(a) && is_list(b) && a.sequence()->kind == b.sequence()->kind) {
    std::vector<Value> items = a.sequence()->items;
    items.insert(items.end(), b.sequence()->items.begin(), b.sequence()->items.end());
    budget.charge(static_cast<int64_t>(items.size()));
    return std::make_shared<const Sequence>(a.sequence()->kind, std::move(items));
  }
  if (a.is_markup() || b.is_markup()) refuse(cat("'", sign, "' on what 'safe' gives"));
  if (sign == "*" && (a.is_text() || is_list(a)) && b.is_integral())
    return repeated(a, b.integer(), budget);
  if (sign == "*" && (b.is_text() || is_list(b)) && a.is_integral())
    return repeated(b, a.integer(), budget);
  if (sign == "%" && a.is_text()) refuse("formatting with '%'");
  unsupported(sign, a, b);
}

Value item_of_slice(const Value& value, const Value& start, const Value& stop, const Value& step) {
  if (value.is_undefined()) fail(value.why_undefined());
  if (value.is_text()) {
    std::u32string points = code_points(value.text());
    std::string out;
    for (size_t i : picked(static_cast<int64_t>(points.size()), start, stop, step))
      append_utf8(out, points[i]);
    return out;
  }
  if (is_list(value)) {
    const Sequence& sequence = *value.sequence();
    std::vector<Value> items;
    for (size_t i : picked(static_cast<int64_t>(sequence.items.size()), start, stop, step))
      items.push_back(sequence.items[i]);
    return std::make_shared<const Sequence>(sequence.kind, std::move(items));
  }
  if (value.sequence() && value.sequence()->kind == Sequence::Kind::range)
    refuse("a slice of a range");
  return Value::undefined(cat("'", value.type_name(), "' has no slices"));
}

}  // namespace reckon::jinja
