#include "model/jinja/parser.h"

#include <algorithm>

#include "base/text.h"
#include "model/jinja/expression_parser.h"

namespace reckon::jinja {
namespace {

using Kind = Token::Kind;

class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Body run() {
    Body body = statements({});
    return body;
  }

 private:
  StmtPtr make_stmt(Stmt::Kind kind, Spot spot) const {
    auto made = std::make_unique<Stmt>();
    made->kind = kind;
    made->spot = spot;
    return made;
  }

  // Up to a block that opens with one of `ends`; that name is then the current token.
  Body statements(std::initializer_list<std::string_view> ends) {
    Level level(*this);
    Body body;
    for (;;) {
      Spot spot = now().spot;
      if (now().kind == Kind::end) {
        if (ends.size() > 0)
          fault(cat("the template ends where '", *(ends.end() - 1), "' is expected"));
        return body;
      }
      if (now().kind == Kind::text) {
        body.push_back(make_stmt(Stmt::Kind::text, spot));
        body.back()->text = tokens_[at_++].text;
      } else if (now().kind == Kind::output_begin) {
        ++at_;
        body.push_back(make_stmt(Stmt::Kind::output, spot));
        body.back()->expressions.push_back(expressions(true));
        expect(Kind::output_end, "'}}'");
      } else {
        expect(Kind::block_begin, "'{%'");
        if (now().kind != Kind::name) fault("expected the name of a statement");
        if (std::find(ends.begin(), ends.end(), now().text) != ends.end()) return body;
        body.push_back(statement());
        expect(Kind::block_end, "'%}'");
      }
    }
  }

  // A body and its closing name; the "%}" is left to the caller.
  Body block(std::string_view end) {
    expect(Kind::block_end, "'%}'");
    Body body = statements({end});
    ++at_;
    return body;
  }

  StmtPtr statement() {
    Spot spot = now().spot;
    std::string name = now().text;
    static constexpr std::string_view kRefused[] = {"block", "extends",    "include", "import",
                                                    "from",  "autoescape", "print",   "trans",
                                                    "do",    "debug"};
    if (std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused))
      refused(cat("the statement '", name, "'"));
    using Make = StmtPtr (Parser::*)(Spot);
    static constexpr std::pair<std::string_view, Make> kStatements[] = {
        {"for", &Parser::loop},    {"if", &Parser::branch},
        {"set", &Parser::set},     {"macro", &Parser::macro},
        {"call", &Parser::call},   {"filter", &Parser::filter},
        {"with", &Parser::with},   {"generation", &Parser::generation},
        {"break", &Parser::leave}, {"continue", &Parser::leave}};
    for (const auto& [known, make] : kStatements) {
      if (known != name) continue;
      ++at_;
      return (this->*make)(spot);
    }
    fault(cat("unknown statement '", name, "'"));
  }

  std::string target() {
    static constexpr std::string_view kConstants[] = {"true", "false", "none",
                                                      "True", "False", "None"};
    if (std::find(std::begin(kConstants), std::end(kConstants), now().text) != std::end(kConstants))
      fault(cat("cannot assign to '", now().text, "'"));
    return expect_name("a name to assign to");
  }

  std::vector<std::string> targets() {
    bool parenthesis = take_sign("(");
    std::vector<std::string> names = {target()};
    while (take_sign(",")) {
      if (is_word("in")) fault("a list of names ends with a comma");
      names.push_back(target());
    }
    if (parenthesis) expect_sign(")");
    return names;
  }

  StmtPtr loop(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::loop, spot);
    made->targets = targets();
    if (std::count(made->targets.begin(), made->targets.end(), "loop"))
      fault("'loop' cannot be the variable of a for statement");
    if (!take_word("in")) fault(cat("expected 'in', got '", now().text, "'"));
    made->expressions.push_back(expressions(false));
    made->expressions.push_back(take_word("if") ? expression() : nullptr);
    if (is_word("recursive")) refused("a recursive for statement");
    expect(Kind::block_end, "'%}'");
    ++loops_;
    made->body = statements({"else", "endfor"});
    --loops_;
    if (take_word("else")) {
      made->otherwise = block("endfor");
    } else {
      ++at_;
    }
    return made;
  }

  StmtPtr branch(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::branch, spot);
    ++conditions_;
    branches(*made);
    --conditions_;
    return made;
  }

  void branches(Stmt& made) {
    ExprPtr condition = expressions(false);
    for (;;) {
      expect(Kind::block_end, "'%}'");
      made.branches.push_back({std::move(condition), statements({"elif", "else", "endif"})});
      std::string next = tokens_[at_++].text;
      if (next == "endif") return;
      if (next == "else") break;
      condition = expressions(false);
    }
    made.branches.push_back({nullptr, block("endif")});
  }

  StmtPtr set(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::set, spot);
    made->targets = targets();
    if (made->targets.size() == 1 && take_sign(".")) made->text = expect_name("a name after '.'");
    if (take_sign("=")) {
      made->expressions.push_back(expressions(true));
      return made;
    }
    if (made->targets.size() > 1 || !made->text.empty()) fault("a set block has one name");
    made->kind = Stmt::Kind::set_block;
    made->expressions.push_back(filters(nullptr, false));
    made->body = closed_block("endset");
    return made;
  }

  // A body that break and continue cannot leave.
  Body closed_block(std::string_view end) {
    int outer = std::exchange(loops_, 0);
    Body body = block(end);
    loops_ = outer;
    return body;
  }

  void parameters(Macro& macro) {
    expect_sign("(");
    while (!is_sign(")")) {
      if (!macro.parameters.empty()) expect_sign(",");
      macro.parameters.push_back(target());
      if (take_sign("=")) {
        macro.defaults.push_back(expression());
      } else if (!macro.defaults.empty()) {
        fault("a parameter without a default follows one with a default");
      }
    }
    expect_sign(")");
  }

  StmtPtr macro(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::macro, spot);
    made->macro = std::make_unique<Macro>();
    made->macro->name = target();
    parameters(*made->macro);
    made->macro->body = closed_block("endmacro");
    return made;
  }

  StmtPtr call(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::call, spot);
    made->macro = std::make_unique<Macro>();
    made->macro->name = "caller";
    if (is_sign("(")) parameters(*made->macro);
    made->expressions.push_back(expression());
    if (made->expressions[0]->kind != Expr::Kind::call) fault("expected a call");
    made->macro->body = closed_block("endcall");
    return made;
  }

  StmtPtr filter(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::filter, spot);
    made->expressions.push_back(filters(nullptr, true));
    made->body = closed_block("endfilter");
    return made;
  }

  StmtPtr with(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::with, spot);
    while (now().kind != Kind::block_end) {
      if (!made->targets.empty()) expect_sign(",");
      made->targets.push_back(target());
      expect_sign("=");
      made->expressions.push_back(expression());
    }
    made->body = block("endwith");
    return made;
  }

  StmtPtr generation(Spot spot) {
    StmtPtr made = make_stmt(Stmt::Kind::scope, spot);
    made->body = closed_block("endgeneration");
    return made;
  }

  StmtPtr leave(Spot spot) {
    bool breaks = tokens_[at_ - 1].text == "break";
    if (loops_ == 0) fault(cat("'", tokens_[at_ - 1].text, "' outside a for statement"));
    return make_stmt(breaks ? Stmt::Kind::leave : Stmt::Kind::next, spot);
  }

  int loops_ = 0;  // for statements around, within the same body
};

}  // namespace

Body parse_template(std::string_view source) { return Parser(tokens_of(source)).run(); }

}  // namespace reckon::jinja
