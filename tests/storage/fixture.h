// Shared by the tests of storage/: a folder that goes away, small records, bytes to damage.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/text.h"
#include "storage/store.h"
#include "tests/temporary_folder.h"

namespace reckon {

inline WeightsId weights(uint64_t version, uint64_t branch = 0) {
  return {Version{version}, Digest{branch, 1000 + version}};
}

inline SampleKey key(uint32_t phase, uint64_t draw, uint64_t version, uint32_t sample) {
  return {{PhaseId{phase}, Draw{draw}, Version{version}}, SampleIndex{sample}};
}

// A prompt of two tokens and `length` tokens of the model.
inline fb::SampleT sample_record(const SampleKey& key, uint32_t length = 3, uint64_t branch = 0,
                                 uint32_t first_token = 7) {
  fb::SampleT sample;
  sample.key = std::make_unique<fb::SampleKey>(to_record(key));
  sample.row = key.group.draw.value * 10;
  auto sequence = std::make_unique<fb::SequenceT>();
  for (uint32_t i = 0; i < length + 2; ++i) sequence->tokens.push_back(first_token + i);
  auto prompt = std::make_unique<fb::SegmentT>(), model = std::make_unique<fb::SegmentT>();
  prompt->end = 2;
  model->begin = 2;
  model->end = length + 2;
  model->source = fb::Source_model;
  model->weights =
      std::make_unique<fb::WeightsId>(to_record(weights(key.group.version.value, branch)));
  sequence->segments.push_back(std::move(prompt));
  sequence->segments.push_back(std::move(model));
  sequence->logprobs.assign(length, -0.5f);
  sample.sequences.push_back(std::move(sequence));
  sample.seconds = 1.5f;
  return sample;
}

inline fb::ColumnT outcome_record(const SampleKey& key, double raw,
                                  fb::OutcomeStatus status = fb::OutcomeStatus_scored) {
  fb::OutcomeT outcome;
  outcome.status = status;
  outcome.value = outcome.raw = raw;
  outcome.correct = raw > 0.5;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Outcome::Pack(builder, &outcome));
  fb::ColumnT column;
  column.key = std::make_unique<fb::SampleKey>(to_record(key));
  column.name = "outcome";
  column.scope = fb::Scope_sample;
  column.type = fb::ValueType_outcome;
  column.data.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  return column;
}

inline fb::LedgerRowT step_record(uint64_t step, const std::vector<SampleKey>& samples,
                                  Timeline timeline = {}) {
  fb::LedgerRowT row;
  row.step = row.phase_step = step;
  row.timeline = timeline.value;
  for (const SampleKey& key : samples) row.samples.push_back(to_record(key));
  row.weights_before = std::make_unique<fb::WeightsId>(to_record(weights(step - 1)));
  row.weights_after = std::make_unique<fb::WeightsId>(to_record(weights(step)));
  return row;
}

inline CommitStatus write_sample(Store& store, fb::SampleT sample) {
  StoreBatch batch;
  batch.samples.push_back(std::move(sample));
  return store.write(batch).samples.at(0);
}

inline CommitStatus write_column(Store& store, fb::ColumnT column) {
  StoreBatch batch;
  batch.columns.push_back(std::move(column));
  return store.write(batch).columns.at(0);
}

inline void write_step(Store& store, fb::LedgerRowT step) {
  StoreBatch batch;
  batch.step = std::move(step);
  store.write(batch);
}

inline uint64_t rows_of(const Store& store) {
  uint64_t rows = 0;
  store.each_row(std::nullopt, [&](const SampleRow&) { ++rows; });
  return rows;
}

// The error's code, or nothing when none was thrown.
template <class Function>
std::optional<Code> code_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

inline void flip_bit(const Path& file, uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(byte ^ 1));
}

// Files of a folder whose name ends so, ascending.
inline std::vector<Path> files_ending(const Path& folder, const std::string& ending) {
  std::vector<Path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace reckon
