// TensorBoard event files, written without protobuf: records of length, masked CRC-32C and an Event
// message (fields as in tensorflow/core/util/event.proto). Appending and flushing per step is safe:
// readers come back to a cut record. One thread.
//
//   EventWriter writer(run_dir, std::nullopt);
//   writer.write(12, {{"reward/mean", 0.71f}});
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace reckon {

uint32_t crc32c(std::string_view bytes);  // Castagnoli
uint32_t masked_crc32c(
    std::string_view bytes);  // rotated right by 15, plus 0xa282ead8: as records store it

std::string event_record(std::string_view event);
std::string version_event(double wall_time);  // the first of a file
// Tells readers to forget what they saw from `step` on: a killed run went further than its last
// checkpoint.
std::string restart_event(double wall_time, uint64_t step);
std::string scalar_event(double wall_time, uint64_t step,
                         const std::map<std::string, float>& scalars);

class EventWriter {
 public:
  EventWriter(const Path& folder, std::optional<uint64_t> resumed_at);
  void write(uint64_t step, const std::map<std::string, float>& scalars);

 private:
  void append(const std::string& event);
  Path path_;
  std::ofstream out_;
};

}  // namespace reckon
