// What a reward says about one completion: a tagged outcome, never a silent 0.
#pragma once

#include <string>
#include <vector>

namespace reckon {

enum class Status : unsigned char {
  scored = 0,
  abstained = 1,
  undecided = 2,
  timed_out = 3,
  crashed = 4
};
const char* status_name(Status status);

struct OutcomePart {
  std::string name;
  double value = 0, weight = 1;
};

struct Outcome {
  Status status = Status::scored;
  double value = 0;  // what the learner sees: weighted sum of the parts
  double raw =
      0;  // the same without shaping parts: filters and zero-variance tests look at this one
  bool correct = false;  // the first reward of the run file gave at least 0.5
  std::vector<OutcomePart> parts;
  std::string note;  // why, for people
};

}  // namespace reckon
