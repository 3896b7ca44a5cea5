// RocksDB as the store uses it: six column families, synced writes, errors turned into Error. One
// thread.
//
//   Database db(folder / "db", true, nullptr);
//   std::optional<std::string> value = db.get(Family::control, key);
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace reckon {

enum class Family : size_t { control, bodies, columns, ledger, dead, meta };
constexpr size_t kFamilies = 6;

class Database {
 public:
  using Visit = std::function<void(std::string_view key, std::string_view value)>;

  // `fresh`: nothing was ever acknowledged, so what is missing may be created.
  Database(const Path& folder, bool fresh, rocksdb::Env* env);
  // Read only, as it is now; another process may be writing. Error(no_input) when there is none.
  explicit Database(const Path& folder);
  ~Database();
  Database(const Database&) = delete;

  // Error(store_corrupt) when a blob file is missing or has another size than the database knows.
  void check_blob_files() const;

  std::optional<std::string> get(Family family, std::string_view key) const;
  // Every entry whose key starts with `prefix`, ascending; with `batch`, as if it had been written.
  void each(Family family, std::string_view prefix, const Visit& visit,
            rocksdb::WriteBatchWithIndex* batch = nullptr) const;
  std::optional<std::string> get(Family family, std::string_view key,
                                 rocksdb::WriteBatchWithIndex& batch) const;
  // Atomic; on the disk when it returns.
  void write(rocksdb::WriteBatchWithIndex& batch);
  // The last write found the disk full. No write succeeds any more; the database must be opened
  // anew.
  bool full() const { return full_; }
  static bool has_space(const Path& folder, rocksdb::Env* env);

  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<size_t>(family)];
  }
  std::string place() const { return folder_.string(); }

 private:
  void keep(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  void check(const rocksdb::Status& status) const;

  bool full_ = false;
  Path folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
  rocksdb::ColumnFamilyHandle* default_ = nullptr;  // RocksDB insists on it; stays empty
};

}  // namespace reckon
