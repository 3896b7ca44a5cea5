#include "storage/database.h"

#include <rocksdb/convenience.h>
#include <rocksdb/listener.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "storage/records.h"

namespace reckon {
namespace {

constexpr const char* kNames[kFamilies] = {"control", "bodies", "columns",
                                           "ledger",  "dead",   "meta"};
constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr uint64_t kMinBlobSize = 512;
constexpr uint64_t kSpaceProbe = 8 * kMegabyte;

// After a full disk RocksDB would go on by itself some time later. The store opens the database
// anew instead: only then does it know whether the write that failed is in the log or not.
struct RecoveryByHand : rocksdb::EventListener {
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* automatic) override {
    *automatic = false;
  }
};

rocksdb::CompressionType compression() {
  for (auto wanted : {rocksdb::kLZ4Compression, rocksdb::kZSTD}) {
    auto have = rocksdb::GetSupportedCompressions();
    if (std::find(have.begin(), have.end(), wanted) != have.end()) return wanted;
  }
  return rocksdb::kNoCompression;
}

rocksdb::DBOptions database_options(bool fresh, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.create_if_missing = options.create_missing_column_families = fresh;
  options.paranoid_checks = true;
  // A record torn by a crash at the very end of the log was never acknowledged; damage before it is
  // refused.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_total_wal_size = 256 * kMegabyte;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 4;
  options.stats_dump_period_sec = options.stats_persist_period_sec = 0;
  options.max_background_jobs = 2;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<RecoveryByHand>());
  if (env != nullptr) options.env = env;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family) {
  rocksdb::ColumnFamilyOptions options;
  options.compression = compression();
  options.write_buffer_size = 16 * kMegabyte;
  if (family == Family::bodies || family == Family::columns) {
    options.write_buffer_size = 64 * kMegabyte;
    options.enable_blob_files = true;
    options.min_blob_size = kMinBlobSize;
    options.blob_file_size = 256 * kMegabyte;
    options.blob_compression_type = options.compression;
    options.enable_blob_garbage_collection = true;
  }
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> all_families() {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kFamilies; ++i)
    families.emplace_back(kNames[i], family_options(static_cast<Family>(i)));
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  return families;
}

}  // namespace

Database::Database(const Path& folder, bool fresh, rocksdb::Env* env) : folder_(folder) {
  // RocksDB would take a folder without CURRENT for a new one and empty it.
  bool whole = std::filesystem::exists(folder / "CURRENT");
  if (!whole && !fresh)
    throw_corrupt((folder / "CURRENT").string(),
                  "the database is missing, and writes were acknowledged");
  if (!whole) std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(database_options(fresh, env), folder.string(),
                                             all_families(), &handles, &db);
  if (status.IsInvalidArgument()) throw_corrupt(place(), status.ToString());
  check(status);
  keep(db, handles);
}

Database::Database(const Path& folder) : folder_(folder) {
  if (!std::filesystem::exists(folder / "CURRENT")) {
    throw Error(Code::no_input, folder.string(), "is not a trajectory store",
                "give the folder of a run");
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  check(rocksdb::DB::OpenForReadOnly(database_options(false, nullptr), folder.string(),
                                     all_families(), &handles, &db));
  keep(db, handles);
}

void Database::keep(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  db_.reset(db);
  std::copy_n(handles.begin(), kFamilies, handles_.begin());
  default_ = handles.back();
}

// RocksDB looks for its tables when it opens, for blob files only when they are read.
void Database::check_blob_files() const {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    rocksdb::ColumnFamilyMetaData data;
    db_->GetColumnFamilyMetaData(handle, &data);
    for (const rocksdb::BlobMetaData& blob : data.blob_files) {
      Path file = folder_ / Path(blob.blob_file_name).relative_path();
      std::error_code error;
      if (std::filesystem::file_size(file, error) != blob.blob_file_size || error) {
        throw_corrupt(file.string(), "a blob file is missing or has another size");
      }
    }
  }
}

Database::~Database() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  db_->DestroyColumnFamilyHandle(default_);
  db_->Close();
}

void Database::check(const rocksdb::Status& status) const {
  if (status.ok()) return;
  std::string text = status.ToString();
  if (status.IsCorruption()) throw_corrupt(place(), text);
  if (status.IsNoSpace()) throw_full(place());
  if (text.find("lock") != std::string::npos || text.find("LOCK") != std::string::npos) {
    throw Error(Code::io, place(), text, "another process has this run open; end it first");
  }
  if (status.IsPathNotFound()) throw_corrupt(place(), text);
  throw Error(Code::io, place(), text,
              "check the disk, then start the run again; nothing that was acknowledged is lost");
}

bool Database::has_space(const Path& folder, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  std::string name = (folder / "space_probe").string();
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env->NewWritableFile(name, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(kSpaceProbe, '\0'));
  if (status.ok()) status = file->Sync();
  file.reset();
  env->DeleteFile(name);
  return status.ok();
}

std::optional<std::string> Database::get(Family family, std::string_view key) const {
  std::string value;
  rocksdb::Status status =
      db_->Get({}, handle(family), rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status);
  return value;
}

std::optional<std::string> Database::get(Family family, std::string_view key,
                                         rocksdb::WriteBatchWithIndex& batch) const {
  std::string value;
  rocksdb::Slice slice(key.data(), key.size());
  rocksdb::Status status = batch.GetFromBatchAndDB(db_.get(), {}, handle(family), slice, &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status);
  return value;
}

void Database::each(Family family, std::string_view prefix, const Visit& visit,
                    rocksdb::WriteBatchWithIndex* batch) const {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, handle(family)));
  if (batch != nullptr) it.reset(batch->NewIteratorWithBase(handle(family), it.release()));
  rocksdb::Slice start(prefix.data(), prefix.size());
  for (it->Seek(start); it->Valid() && it->key().starts_with(start); it->Next()) {
    visit(it->key().ToStringView(), it->value().ToStringView());
  }
  check(it->status());
}

void Database::write(rocksdb::WriteBatchWithIndex& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::Status status = db_->Write(options, batch.GetWriteBatch());
  full_ = status.IsNoSpace();
  check(status);
}

}  // namespace reckon
