// How many writes the store has acknowledged, in a file of its own beside the database. The
// database's log ends where its last whole record ends, so a log that lost its tail looks like one
// that never had it; this number tells them apart. It is written after the synced write and not
// synced itself: it may lag behind the truth, never run ahead of it. One thread.
//
//   Acknowledged acknowledged(folder / "acknowledged");
//   acknowledged.set(meta.writes);
#pragma once

#include "base/file.h"

namespace reckon {

class Acknowledged {
 public:
  // Creates the file (0, synced) when it does not exist. Error(store_corrupt) when it is damaged.
  explicit Acknowledged(const Path& path);
  ~Acknowledged();
  Acknowledged(const Acknowledged&) = delete;
  uint64_t value() const { return value_; }
  void set(uint64_t value);

 private:
  Path path_;
  int fd_ = -1;
  uint64_t value_ = 0;
};

}  // namespace reckon
