#include "storage/verify.h"

#include "base/text.h"
#include "storage/keys.h"

namespace reckon {
namespace {

struct Counts {
  std::map<uint32_t, uint64_t> samples, dead;
  uint64_t consumed = 0;  // control rows that a step consumed
  uint64_t steps = 0, consumed_in_ledger = 0;
};

void expect(const Database& db, const std::string& what, uint64_t acknowledged, uint64_t found) {
  if (acknowledged == found) return;
  throw_corrupt(db.place(),
                cat(what, ": ", acknowledged, " were acknowledged and ", found, " are there"));
}

void expect(const Database& db, const std::string& what, const std::vector<fb::Count>& acknowledged,
            std::map<uint32_t, uint64_t> found) {
  for (const fb::Count& count : acknowledged) {
    expect(db, cat(what, count.of()), count.samples(), found[count.of()]);
    found.erase(count.of());
  }
  for (auto [of, samples] : found) expect(db, cat(what, of), 0, samples);
}

}  // namespace

VersionDigests verify_rows(const Database& db, const fb::MetaT& meta) {
  Counts counts;
  VersionDigests versions;
  db.each(Family::control, "", [&](std::string_view key, std::string_view value) {
    SampleRow row =
        sample_row(decode_sample_key(key), unpack_sealed<fb::ControlRow>(value, db.place()));
    ++counts.samples[row.key.group.phase.value];
    counts.consumed += row.consumed.has_value();
    versions[row.weights.version].insert(row.weights.digest);
  });
  db.each(Family::ledger, "", [&](std::string_view, std::string_view value) {
    auto step = unpack_sealed<fb::LedgerRow>(value, db.place());
    expect(db, "the ledger's next step", ++counts.steps, step.step);
    counts.consumed_in_ledger += step.samples.size();
  });
  db.each(Family::dead, "", [&](std::string_view, std::string_view value) {
    ++counts.dead[unpack_sealed<fb::DeadRow>(value, db.place()).reason];
  });
  expect(db, "samples of phase ", meta.samples, counts.samples);
  expect(db, "dead samples for reason ", meta.dead, counts.dead);
  expect(db, "steps in the ledger", meta.steps, counts.steps);
  expect(db, "samples named by the ledger", meta.consumed, counts.consumed_in_ledger);
  expect(db, "consumed samples", meta.consumed, counts.consumed);
  return versions;
}

}  // namespace reckon
