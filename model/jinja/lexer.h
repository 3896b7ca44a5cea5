// Template text to tokens, with white space control as transformers sets it: trim_blocks (the line
// end after a block is dropped) and lstrip_blocks (blanks before a block that opens a line, too),
// "-" and "+" markers, comments and raw blocks. Throws LocatedFault.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/jinja/syntax.h"

namespace reckon::jinja {

struct Token {
  enum class Kind {
    text,
    output_begin,
    output_end,
    block_begin,
    block_end,
    name,
    string,
    integer,
    real,
    sign,
    end
  };
  Kind kind;
  std::string text;  // of a string: its value
  Spot spot;
};

// A fault and where it is.
struct LocatedFault {
  Fault fault;
  Spot spot;
};

std::vector<Token> tokens_of(std::string_view source);

}  // namespace reckon::jinja
