#include "pipeline/tensorboard.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <iomanip>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr uint32_t kCastagnoli = 0x82F63B78;  // reflected polynomial

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? kCastagnoli : 0);
    table[i] = value;
  }
  return table;
}
constexpr auto kTable = make_table();

template <class T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// Protobuf fields by wire type.
enum Wire : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
std::string tag(uint64_t field, Wire wire) { return varint(field << 3 | wire); }
std::string field(uint64_t number, double value) {
  return tag(number, kFixed64) + little_endian(value);
}
std::string field(uint64_t number, float value) {
  return tag(number, kFixed32) + little_endian(value);
}
std::string field(uint64_t number, uint64_t value) { return tag(number, kVarint) + varint(value); }
std::string field(uint64_t number, const std::string& value) {
  return tag(number, kBytes) + varint(value.size()) + value;
}

constexpr uint64_t kSessionStart = 1;

std::string host_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// Readers want "tfevents" in the name and sort files by time.
std::string file_name() {
  static std::atomic<int> count{0};
  return cat("events.out.tfevents.", std::setw(10), std::setfill('0'),
             static_cast<int64_t>(wall_seconds()), ".", host_name(), ".", ::getpid(), ".", count++);
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (unsigned char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u;
}

std::string event_record(std::string_view event) {
  std::string length = little_endian(static_cast<uint64_t>(event.size()));
  return cat(length, little_endian(masked_crc32c(length)), event,
             little_endian(masked_crc32c(event)));
}

std::string version_event(double wall_time) {
  return field(1, wall_time) + field(3, std::string("brain.Event:2"));
}

std::string restart_event(double wall_time, uint64_t step) {
  return field(1, wall_time) + field(2, step) + field(7, field(1, kSessionStart));
}

std::string scalar_event(double wall_time, uint64_t step,
                         const std::map<std::string, float>& scalars) {
  std::string summary;
  for (const auto& [name, value] : scalars) summary += field(1, field(1, name) + field(2, value));
  return field(1, wall_time) + field(2, step) + field(5, summary);
}

EventWriter::EventWriter(const Path& folder, std::optional<uint64_t> resumed_at)
    : path_(folder / file_name()), out_(path_, std::ios::app | std::ios::binary) {
  if (!out_)
    throw Error(Code::io, path_.string(), "cannot be opened for writing",
                "check the folder and its permissions");
  append(version_event(wall_seconds()));
  if (resumed_at) append(restart_event(wall_seconds(), *resumed_at + 1));
}

void EventWriter::write(uint64_t step, const std::map<std::string, float>& scalars) {
  append(scalar_event(wall_seconds(), step, scalars));
}

void EventWriter::append(const std::string& event) {
  out_ << event_record(event) << std::flush;
  if (!out_) throw Error(Code::io, path_.string(), "writing failed", "check the disk's space");
}

}  // namespace reckon
