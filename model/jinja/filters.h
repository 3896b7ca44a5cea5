// The filters that work through lists; filters.cc names them all. Pure but for the budget.
#pragma once

#include "model/jinja/evaluator.h"

namespace reckon::jinja {

using Filter = Value (*)(Evaluator&, const Value&, const Arguments&);

Value join_filter(Evaluator&, const Value&, const Arguments&);
Value first_filter(Evaluator&, const Value&, const Arguments&);
Value last_filter(Evaluator&, const Value&, const Arguments&);
Value list_filter(Evaluator&, const Value&, const Arguments&);
Value map_filter(Evaluator&, const Value&, const Arguments&);
Value select_filter(Evaluator&, const Value&, const Arguments&);
Value reject_filter(Evaluator&, const Value&, const Arguments&);
Value selectattr_filter(Evaluator&, const Value&, const Arguments&);
Value rejectattr_filter(Evaluator&, const Value&, const Arguments&);
Value items_filter(Evaluator&, const Value&, const Arguments&);
Value dictsort_filter(Evaluator&, const Value&, const Arguments&);
Value sort_filter(Evaluator&, const Value&, const Arguments&);
Value unique_filter(Evaluator&, const Value&, const Arguments&);
Value reverse_filter(Evaluator&, const Value&, const Arguments&);
Value sum_filter(Evaluator&, const Value&, const Arguments&);
Value min_filter(Evaluator&, const Value&, const Arguments&);
Value max_filter(Evaluator&, const Value&, const Arguments&);

}  // namespace reckon::jinja
