// The tree of a parsed template. Built by the parser, then never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/jinja/value.h"

namespace reckon::jinja {

struct Spot {
  int line = 1, column = 1;
};

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using Body = std::vector<StmtPtr>;

struct Expr {
  enum class Kind {
    constant,    // value
    name,        // text
    list,        // parts
    tuple,       // parts
    dict,        // keys and values alternate in parts
    attribute,   // parts[0] . text
    item,        // parts[0] [ parts[1] ]
    slice,       // parts[0] [ parts[1] : parts[2] : parts[3] ], each of these may be null
    call,        // parts[0] ( parts[1...], names = parts after them )
    filter,      // parts[0] | text ( parts[1...], names )
    test,        // parts[0] is text ( parts[1...], names )
    unary,       // text: "-", "+", "not"
    binary,      // text: "+", "-", "*", "/", "//", "%", "**", "~", "and", "or"
    comparison,  // parts[0] names[0] parts[1] names[1] parts[2] ...: "==", ..., "in", "not in"
    condition    // parts[0] if parts[1] else parts[2], which may be null
  };
  Kind kind;
  Spot spot;
  int depth = 1;
  std::string text;
  Value value;
  std::vector<ExprPtr> parts;
  std::vector<std::string> names;  // keyword arguments: the last names.size() parts
};

// A macro or the body of a call block.
struct Macro {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<ExprPtr> defaults;  // of the last defaults.size() parameters
  Body body;
};

struct Branch {
  ExprPtr condition;  // null: else
  Body body;
};

struct Stmt {
  enum class Kind {
    text,       // text
    output,     // expressions
    branch,     // branches
    loop,       // for targets in expressions[0] (if expressions[1]): body, otherwise
    set,        // targets = expressions[0]; an attribute of a namespace: targets[0] . text
    set_block,  // targets[0] = body through the filters of expressions[0], which may be null
    macro,      // macro
    call,       // call expressions[0] with macro as its caller
    filter,     // body through expressions[0]
    with,       // targets[i] = expressions[i]: body
    scope,      // body, in a scope of its own
    leave,      // break
    next        // continue
  };
  Kind kind;
  Spot spot;
  std::string text;
  std::vector<ExprPtr> expressions;
  std::vector<std::string> targets;
  std::vector<Branch> branches;
  Body body, otherwise;
  std::unique_ptr<Macro> macro;
};

}  // namespace reckon::jinja
