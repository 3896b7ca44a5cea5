// Identity of rational functions by evaluation over prime fields (Schwartz-Zippel). The values at
// one point under 2^61 - 1 prove two functions different when they differ; for "same", three random
// primes near 2^61 and three random points, all derived from the two trees, so that a verdict never
// changes and no constant can be chosen against a known prime. An identity of total degree d holds
// by accident at one point with chance d / 2^60, and a prime divides all of a nonzero difference of
// H bits with chance below H / 2^59; with the limits d < 2^20 and H < 2^20 on both, three rounds
// leave less than 2^-110. Numbers, letters, pi and e (as independent letters), + - * / and whole
// powers; anything else is unknown. Thread-safe; throws OverBudget.
#pragma once

#include "rewards/math/expression.h"

namespace reckon::math::modular {

enum class Identity { same, different, unknown };
Identity compare(Expr a, Expr b, Budget& budget);

}  // namespace reckon::math::modular
