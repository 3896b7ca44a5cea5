// What opening a store checks: that the rows on the disk are those that the meta row counts, so
// that a store never comes back with fewer samples or steps than it acknowledged. Reads every
// control row and ledger row once.
#pragma once

#include <map>
#include <set>

#include "storage/database.h"
#include "storage/records.h"

namespace reckon {

// Digests that rows of a version carry or carried: tells without a scan that none of other weights
// can exist.
using VersionDigests = std::map<Version, std::set<Digest>>;

// Error(store_corrupt) names the count that is wrong.
VersionDigests verify_rows(const Database& db, const fb::MetaT& meta);

}  // namespace reckon
