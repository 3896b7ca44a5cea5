#include "model/jinja/expression_parser.h"

#include <algorithm>

#include "base/text.h"
#include "model/jinja/parser.h"

namespace reckon::jinja {

using Kind = Token::Kind;

void ExpressionParser::fault(const std::string& problem, const std::string& remedy) const {
  throw LocatedFault{{problem, remedy}, now().spot};
}

void ExpressionParser::refused(const std::string& what) const {
  fault(what + " is not supported in chat templates",
        "rewrite that part of the template; docs/chat_templates.md lists what there is");
}

bool ExpressionParser::is_sign(std::string_view text) const {
  return now().kind == Kind::sign && now().text == text;
}

bool ExpressionParser::is_word(std::string_view text) const {
  return now().kind == Kind::name && now().text == text;
}

bool ExpressionParser::take_sign(std::string_view text) {
  bool found = is_sign(text);
  at_ += found;
  return found;
}

bool ExpressionParser::take_word(std::string_view text) {
  bool found = is_word(text);
  at_ += found;
  return found;
}

void ExpressionParser::expect_sign(std::string_view text) {
  if (!take_sign(text)) fault(cat("expected '", text, "', got '", now().text, "'"));
}

void ExpressionParser::expect(Kind kind, const std::string& what) {
  if (now().kind != kind) fault(cat("expected ", what, ", got '", now().text, "'"));
  ++at_;
}

std::string ExpressionParser::expect_name(const std::string& what) {
  std::string name = now().text;
  expect(Kind::name, what);
  return name;
}

ExprPtr ExpressionParser::make(Expr::Kind kind, Spot spot, std::string text,
                               std::vector<ExprPtr> parts) const {
  auto node = std::make_unique<Expr>();
  node->kind = kind;
  node->spot = spot;
  node->text = std::move(text);
  for (const ExprPtr& part : parts)
    if (part) node->depth = std::max(node->depth, part->depth + 1);
  node->parts = std::move(parts);
  if (node->depth > kMaxDepth) fault("an expression nests too deeply");
  return node;
}

namespace {

template <class... Parts>
std::vector<ExprPtr> parts_of(Parts... parts) {
  std::vector<ExprPtr> all;
  (all.push_back(std::move(parts)), ...);
  return all;
}

}  // namespace

ExprPtr ExpressionParser::expression() {
  Level level(*this);
  ExprPtr node = either();
  while (is_word("if")) {
    Spot spot = now().spot;
    ++at_;
    ExprPtr condition = either(), otherwise;
    if (take_word("else")) otherwise = expression();
    node = make(Expr::Kind::condition, spot, "",
                parts_of(std::move(node), std::move(condition), std::move(otherwise)));
  }
  return node;
}

ExprPtr ExpressionParser::expressions(bool condition, bool explicit_parentheses) {
  Level level(*this);
  Spot spot = now().spot;
  std::vector<ExprPtr> parts;
  bool is_tuple = false;
  for (;;) {
    if (now().kind == Kind::block_end || now().kind == Kind::output_end || is_sign(")")) break;
    parts.push_back(condition ? expression() : either());
    if (!take_sign(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !parts.empty()) return std::move(parts[0]);
  if (!is_tuple && !explicit_parentheses)
    fault(cat("expected an expression, got '", now().text, "'"));
  return make(Expr::Kind::tuple, spot, "", std::move(parts));
}

ExprPtr ExpressionParser::left_to_right(Parse operand,
                                        std::initializer_list<std::string_view> signs, bool words) {
  ExprPtr node = (this->*operand)();
  for (;;) {
    auto found = std::find_if(signs.begin(), signs.end(), [&](std::string_view sign) {
      return words ? is_word(sign) : is_sign(sign);
    });
    if (found == signs.end()) return node;
    Spot spot = now().spot;
    ++at_;
    ExprPtr right = (this->*operand)();
    node = make(Expr::Kind::binary, spot, std::string(*found),
                parts_of(std::move(node), std::move(right)));
  }
}

ExprPtr ExpressionParser::either() { return left_to_right(&ExpressionParser::both, {"or"}, true); }

ExprPtr ExpressionParser::both() {
  return left_to_right(&ExpressionParser::negation, {"and"}, true);
}

ExprPtr ExpressionParser::negation() {
  Level level(*this);
  Spot spot = now().spot;
  if (take_word("not")) return make(Expr::Kind::unary, spot, "not", parts_of(negation()));
  return comparison();
}

ExprPtr ExpressionParser::comparison() {
  Spot spot = now().spot;
  std::vector<ExprPtr> parts = parts_of(sum());
  std::vector<std::string> signs;
  for (;;) {
    static constexpr std::string_view kSigns[] = {"==", "!=", "<", "<=", ">", ">="};
    if (now().kind == Kind::sign &&
        std::find(std::begin(kSigns), std::end(kSigns), now().text) != std::end(kSigns)) {
      signs.push_back(tokens_[at_++].text);
    } else if (take_word("in")) {
      signs.push_back("in");
    } else if (is_word("not") && ahead().kind == Kind::name && ahead().text == "in") {
      at_ += 2;
      signs.push_back("not in");
    } else {
      break;
    }
    parts.push_back(sum());
  }
  if (signs.empty()) return std::move(parts[0]);
  ExprPtr node = make(Expr::Kind::comparison, spot, "", std::move(parts));
  node->names = std::move(signs);
  return node;
}

ExprPtr ExpressionParser::sum() {
  return left_to_right(&ExpressionParser::concatenation, {"+", "-"}, false);
}

ExprPtr ExpressionParser::concatenation() {
  return left_to_right(&ExpressionParser::product, {"~"}, false);
}

ExprPtr ExpressionParser::product() {
  return left_to_right(&ExpressionParser::power, {"*", "/", "//", "%"}, false);
}

ExprPtr ExpressionParser::power() {
  return left_to_right(&ExpressionParser::power_operand, {"**"}, false);
}

ExprPtr ExpressionParser::unary(bool with_filters) {
  Level level(*this);
  Spot spot = now().spot;
  ExprPtr node;
  if (is_sign("-") || is_sign("+")) {
    std::string sign = tokens_[at_++].text;
    node = make(Expr::Kind::unary, spot, sign, parts_of(unary(false)));
  } else {
    node = primary();
  }
  node = postfix(std::move(node));
  return with_filters ? filters_and_tests(std::move(node)) : std::move(node);
}

ExprPtr ExpressionParser::primary() {
  Spot spot = now().spot;
  if (now().kind == Kind::string || now().kind == Kind::integer || now().kind == Kind::real)
    return literal();
  if (now().kind == Kind::name) {
    std::string name = tokens_[at_++].text;
    auto constant = [&](Value value) {
      ExprPtr node = make(Expr::Kind::constant, spot, name, {});
      node->value = std::move(value);
      return node;
    };
    if (name == "true" || name == "True") return constant(true);
    if (name == "false" || name == "False") return constant(false);
    if (name == "none" || name == "None") return constant({});
    return make(Expr::Kind::name, spot, name, {});
  }
  if (take_sign("(")) {
    ExprPtr node = expressions(true, true);
    expect_sign(")");
    return node;
  }
  if (is_sign("[")) return list();
  if (is_sign("{")) return dictionary();
  fault(cat("unexpected '", now().text, "'"));
}

ExprPtr ExpressionParser::literal() {
  ExprPtr node = make(Expr::Kind::constant, now().spot, "", {});
  if (now().kind == Kind::string) {
    std::string text;
    while (now().kind == Kind::string) text += tokens_[at_++].text;
    node->value = Value(std::move(text));
  } else if (now().kind == Kind::integer) {
    auto number = parse_int(now().text);
    if (!number) refused("an integer beyond 64 bits");
    node->value = Value(*number);
    ++at_;
  } else {
    auto number = parse_double(now().text);
    if (!number) refused("a number beyond a double's range");
    node->value = Value(*number);
    ++at_;
  }
  return node;
}

ExprPtr ExpressionParser::list() {
  Spot spot = now().spot;
  expect_sign("[");
  std::vector<ExprPtr> parts;
  while (!is_sign("]")) {
    if (!parts.empty()) expect_sign(",");
    if (is_sign("]")) break;
    parts.push_back(expression());
  }
  expect_sign("]");
  return make(Expr::Kind::list, spot, "", std::move(parts));
}

ExprPtr ExpressionParser::dictionary() {
  Spot spot = now().spot;
  expect_sign("{");
  std::vector<ExprPtr> parts;
  while (!is_sign("}")) {
    if (!parts.empty()) expect_sign(",");
    if (is_sign("}")) break;
    parts.push_back(expression());
    expect_sign(":");
    parts.push_back(expression());
  }
  expect_sign("}");
  return make(Expr::Kind::dict, spot, "", std::move(parts));
}

ExprPtr ExpressionParser::postfix(ExprPtr node) {
  for (;;) {
    Spot spot = now().spot;
    if (take_sign(".")) {
      if (now().kind == Kind::integer) refused("an index written with a dot");
      std::string name = expect_name("a name after '.'");
      node = make(Expr::Kind::attribute, spot, name, parts_of(std::move(node)));
    } else if (is_sign("[")) {
      node = subscript(std::move(node));
    } else if (is_sign("(")) {
      node = call(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::subscript(ExprPtr node) {
  Spot spot = now().spot;
  expect_sign("[");
  std::vector<ExprPtr> bounds(3);
  size_t count = 0, colons = 0;
  while (!is_sign("]")) {
    if (take_sign(":")) {
      if (++colons > 2) fault("a slice has at most three parts");
      count = colons;
    } else {
      if (bounds[colons]) fault(cat("expected ']', got '", now().text, "'"));
      bounds[colons] = expression();
      count = std::max(count, colons + 1);
      if (is_sign(",")) refused("an index of several parts");
    }
  }
  expect_sign("]");
  if (count == 0) fault("an index is empty");
  if (colons == 0)
    return make(Expr::Kind::item, spot, "", parts_of(std::move(node), std::move(bounds[0])));
  return make(
      Expr::Kind::slice, spot, "",
      parts_of(std::move(node), std::move(bounds[0]), std::move(bounds[1]), std::move(bounds[2])));
}

ExprPtr ExpressionParser::call(ExprPtr node) {
  ExprPtr made = make(Expr::Kind::call, now().spot, "", parts_of(std::move(node)));
  arguments(*made);
  return made;
}

void ExpressionParser::arguments(Expr& node) {
  expect_sign("(");
  bool first = true;
  while (!is_sign(")")) {
    if (!first) expect_sign(",");
    if (is_sign(")")) break;
    first = false;
    if (is_sign("*") || is_sign("**")) refused("unpacking arguments with '*'");
    if (now().kind == Kind::name && ahead().kind == Kind::sign && ahead().text == "=") {
      std::string name = tokens_[at_].text;
      if (std::find(node.names.begin(), node.names.end(), name) != node.names.end())
        fault(cat("the argument '", name, "' is given twice"));
      node.names.push_back(name);
      at_ += 2;
    } else if (!node.names.empty()) {
      fault("an argument by position follows one by name");
    }
    node.parts.push_back(expression());
    node.depth = std::max(node.depth, node.parts.back()->depth + 1);
  }
  expect_sign(")");
  if (node.depth > kMaxDepth) fault("an expression nests too deeply");
}

ExprPtr ExpressionParser::filters_and_tests(ExprPtr node) {
  for (;;) {
    if (is_sign("|")) {
      ++at_;
      node = one_filter(std::move(node));
    } else if (is_word("is")) {
      node = test(std::move(node));
    } else if (is_sign("(")) {
      node = call(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::filters(ExprPtr node, bool starts_inline) {
  if (starts_inline) node = one_filter(std::move(node));
  while (take_sign("|")) node = one_filter(std::move(node));
  return node;
}

ExprPtr ExpressionParser::one_filter(ExprPtr node) {
  Spot spot = now().spot;
  if (now().kind == Kind::name && conditions_ == 0 && !is_filter(now().text))
    refused(cat("the filter '", now().text, "'"));
  std::string name = expect_name("the name of a filter");
  ExprPtr made = make(Expr::Kind::filter, spot, name, parts_of(std::move(node)));
  if (is_sign("(")) arguments(*made);
  return made;
}

ExprPtr ExpressionParser::test(ExprPtr node) {
  ++at_;
  bool negated = take_word("not");
  Spot spot = now().spot;
  if (now().kind == Kind::name && conditions_ == 0 && !is_test(now().text))
    refused(cat("the test '", now().text, "'"));
  ExprPtr made =
      make(Expr::Kind::test, spot, expect_name("the name of a test"), parts_of(std::move(node)));
  bool operand =
      now().kind == Kind::string || now().kind == Kind::integer || now().kind == Kind::real ||
      is_sign("[") || is_sign("{") ||
      (now().kind == Kind::name && !is_word("else") && !is_word("or") && !is_word("and"));
  if (is_sign("(")) {
    arguments(*made);
  } else if (operand) {
    if (is_word("is")) fault("tests cannot be chained with 'is'");
    Level level(*this);
    made->parts.push_back(postfix(primary()));
    made->depth = std::max(made->depth, made->parts.back()->depth + 1);
  }
  if (!negated) return made;
  return make(Expr::Kind::unary, spot, "not", parts_of(std::move(made)));
}

}  // namespace reckon::jinja
