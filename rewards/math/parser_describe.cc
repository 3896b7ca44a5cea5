#include <iterator>

#include "rewards/math/parser.h"

namespace reckon::math {
namespace {

const char* kind_name(Kind kind) {
  static constexpr const char* kNames[] = {
      "number",         "constant",    "symbol",   "sum",
      "negate",         "product",     "quotient", "mixed",
      "power",          "root",        "call",     "factorial",
      "binomial",       "plus_minus",  "percent",  "degrees",
      "quantity",       "currency",    "based",    "big",
      "eval_at",        "list",        "tuple",    "set",
      "bracketed",      "interval",    "union",    "intersection",
      "set_difference", "set_builder", "matrix",   "relation",
      "chain",          "and",         "or",       "cases",
      "congruence",     "ratio",       "clock",    "date",
      "choice",         "text",        "ellipsis"};
  static_assert(std::size(kNames) == static_cast<size_t>(Kind::ellipsis) + 1);
  return kNames[static_cast<size_t>(kind)];
}

void describe_args(Expr expr, std::string& out) {
  for (size_t i = 0; i < expr->args.size(); ++i) {
    if (i > 0) out += ", ";
    out += describe(expr->args[i]);
  }
}

}  // namespace

std::string describe(Expr expr) {
  std::string out;
  switch (expr->kind) {
    case Kind::number:
      return expr->value.get_str();
    case Kind::constant:
    case Kind::symbol:
      return std::string(expr->name);
    case Kind::ellipsis:
      return "...";
    case Kind::text:
      return "'" + std::string(expr->name) + "'";
    case Kind::call:
      out = std::string(expr->name) + "(";
      describe_args(expr, out);
      return out + ")";
    case Kind::interval:
      out = expr->left_open ? "interval(" : "interval[";
      describe_args(expr, out);
      return out + (expr->right_open ? ")" : "]");
    case Kind::matrix:
      out = "matrix " + std::to_string(expr->rows) + "(";
      break;
    default:
      out = kind_name(expr->kind);
      // A tuple and a factorial show their name where it is not the usual one.
      if (!expr->name.empty() && !(expr->kind == Kind::factorial && expr->name == "!") &&
          !(expr->kind == Kind::tuple && expr->name == "("))
        out += " " + std::string(expr->name);
      if (expr->args.empty()) return out;
      out += "(";
  }
  describe_args(expr, out);
  return out + ")";
}

}  // namespace reckon::math
