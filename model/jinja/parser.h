// Template text to a tree, with Jinja's precedence. Throws LocatedFault; a statement, filter or
// test that is not supported is one too.
#pragma once

#include <string_view>

#include "model/jinja/lexer.h"

namespace reckon::jinja {

Body parse_template(std::string_view source);

// What there is: filters.cc and tests.cc know these names.
bool is_filter(const std::string& name);
bool is_test(const std::string& name);

}  // namespace reckon::jinja
