// Between records, bytes and the store's own structs. A stored value other than a body is sealed:
// xxh3-128 of the payload, then the payload (a body's checksum is in its control row). Pure
// functions.
//
//   std::string value = seal(pack(row));
//   fb::ControlRowT back = unpack_sealed<fb::ControlRow>(value, place);   // Error(store_corrupt)
//   when damaged
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "storage/store.h"

namespace reckon {

template <class NativeTable>
std::string pack(const NativeTable& record) {
  flatbuffers::FlatBufferBuilder builder(1024);
  builder.Finish(NativeTable::TableType::Pack(builder, &record));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

// The record in `bytes`, checked for form. Nothing: the bytes are no such record.
template <class Table>
std::optional<typename Table::NativeTableType> unpack(std::string_view bytes) {
  auto data = reinterpret_cast<const uint8_t*>(bytes.data());
  constexpr flatbuffers::uoffset_t kDepth = 64, kTables = 1 << 26;
  flatbuffers::Verifier verifier(data, bytes.size(), kDepth, kTables);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<Table>(nullptr)) return std::nullopt;
  typename Table::NativeTableType record;
  flatbuffers::GetRoot<Table>(data)->UnPackTo(&record);
  return record;
}

[[noreturn]] void throw_corrupt(const std::string& place, const std::string& problem);
[[noreturn]] void throw_full(const std::string& place);

std::string seal(std::string_view payload);
std::string_view unseal(std::string_view value, const std::string& place);

template <class Table>
typename Table::NativeTableType unpack_sealed(std::string_view value, const std::string& place) {
  auto record = unpack<Table>(unseal(value, place));
  if (!record) throw_corrupt(place, "a record has a bad form");
  return std::move(*record);
}

// The body of a sample: its buffer with `seconds` set to 0, so that equal work has equal bytes.
std::string pack_body(const fb::SampleT& sample);
fb::ControlRowT control_row(const fb::SampleT& sample, std::string_view body, uint32_t chunks);
SampleRow sample_row(const SampleKey& key, const fb::ControlRowT& row);

}  // namespace reckon
