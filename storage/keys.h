// Keys of the store's column families: big-endian, so that their byte order is the order of phase,
// draw, version, sample (docs/store_format.md). Pure functions.
//
//   std::string key = encode(sample_key);                 // 24 bytes
//   std::string chunk = body_key(sample_key, 0);          // 28 bytes
#pragma once

#include <string>
#include <string_view>

#include "storage/store.h"

namespace reckon {

std::string encode(PhaseId phase);         // prefix of all keys of the phase
std::string encode(const GroupKey& key);   // prefix of all keys of the group
std::string encode(const SampleKey& key);  // control
std::string body_key(const SampleKey& key, uint32_t chunk);
std::string column_key(const SampleKey& key, std::string_view name);
std::string dead_key(const SampleKey& key, uint64_t ordinal);  // a key may die more than once
std::string ledger_key(Step step);

// The sample that a key of control, bodies, columns or dead starts with. Error(store_corrupt) when
// it is too short.
SampleKey decode_sample_key(std::string_view key);

}  // namespace reckon
