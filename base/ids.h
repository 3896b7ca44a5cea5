// Strong ids: integers that cannot be mistaken for one another. Ordered, hashable, printable.
//
//   Draw draw{7}; ++draw.value;
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

#include "base/digest.h"

namespace reckon {

template <class Tag, class T = uint64_t>
struct Id {
  T value = 0;
  auto operator<=>(const Id&) const = default;
};

template <class Tag, class T>
std::ostream& operator<<(std::ostream& out, Id<Tag, T> id) {
  return out << +id.value;
}

using PhaseId = Id<struct PhaseTag, uint32_t>;  // a stream of prompts: see Stream in pipeline/
using Draw = Id<struct DrawTag>;                // position in a phase's endless stream of prompts
using SampleIndex = Id<struct SampleIndexTag, uint32_t>;  // member of a group, 0 .. G-1
using Version = Id<struct VersionTag>;    // weights version = optimizer steps of the run so far
using Step = Id<struct StepTag>;          // training step of the run, over all phases
using Timeline = Id<struct TimelineTag>;  // raised by every rewind

// Which weights: the version orders them, the digest proves them (contract rule 13).
struct WeightsId {
  Version version;
  Digest digest;
  bool operator==(const WeightsId&) const = default;
};

}  // namespace reckon

template <class Tag, class T>
struct std::hash<reckon::Id<Tag, T>> {
  size_t operator()(reckon::Id<Tag, T> id) const { return std::hash<T>()(id.value); }
};
