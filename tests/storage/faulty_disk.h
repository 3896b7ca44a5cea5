// A disk for RocksDB that can be full, fail to sync, or lose power: on a crash what was not synced
// is gone, and so are files whose folder was not synced since they were made.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "base/file.h"

namespace reckon {

class FaultyDisk : public rocksdb::FileSystemWrapper {
 public:
  using Status = rocksdb::IOStatus;
  using Options = rocksdb::FileOptions;
  using Debug = rocksdb::IODebugContext;

  FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  std::atomic<bool> full{false}, sync_fails{false};

  // Loses what a machine without power loses. No file of the store may be open.
  void crash() {
    std::lock_guard lock(mutex_);
    for (const std::string& name : unlisted_) std::filesystem::remove(name);
    for (const auto& [name, size] : synced_) {
      if (std::filesystem::exists(name) && std::filesystem::file_size(name) > size)
        std::filesystem::resize_file(name, size);
    }
    synced_.clear();
    unlisted_.clear();
  }

  Status NewWritableFile(const std::string& name, const Options& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* out, Debug* debug) override {
    if (full) return Status::NoSpace("no space left (test)");
    Status status = target()->NewWritableFile(name, options, out, debug);
    if (status.ok()) {
      std::lock_guard lock(mutex_);
      synced_[name] = 0;
      unlisted_.insert(name);
      *out = std::make_unique<File>(this, name, std::move(*out));
    }
    return status;
  }

  Status RenameFile(const std::string& from, const std::string& to,
                    const rocksdb::IOOptions& options, Debug* debug) override {
    Status status = target()->RenameFile(from, to, options, debug);
    std::lock_guard lock(mutex_);
    if (auto node = synced_.extract(from)) synced_[to] = node.mapped();
    unlisted_.erase(from);
    return status;
  }

  Status NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                      std::unique_ptr<rocksdb::FSDirectory>* out, Debug* debug) override {
    Status status = target()->NewDirectory(name, options, out, debug);
    if (status.ok()) *out = std::make_unique<Folder>(this, name, std::move(*out));
    return status;
  }

 private:
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(FaultyDisk* disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}
    Status Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  Debug* debug) override {
      if (disk_->full) return Status::NoSpace("no space left (test)");
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    Status Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo&, Debug* debug) override {
      return Append(data, options, debug);
    }
    Status Sync(const rocksdb::IOOptions& options, Debug* debug) override {
      return synced(options, debug);
    }
    Status Fsync(const rocksdb::IOOptions& options, Debug* debug) override {
      return synced(options, debug);
    }

   private:
    Status synced(const rocksdb::IOOptions& options, Debug* debug) {
      if (disk_->sync_fails) return Status::IOError("fsync failed (test)");
      Status status = FSWritableFileOwnerWrapper::Sync(options, debug);
      std::lock_guard lock(disk_->mutex_);
      if (status.ok()) disk_->synced_[name_] = GetFileSize(options, debug);
      return status;
    }
    FaultyDisk* disk_;
    std::string name_;
  };

  class Folder : public rocksdb::FSDirectoryWrapper {
   public:
    Folder(FaultyDisk* disk, std::string name, std::unique_ptr<rocksdb::FSDirectory>&& folder)
        : FSDirectoryWrapper(std::move(folder)), disk_(disk), name_(std::move(name)) {}
    Status Fsync(const rocksdb::IOOptions& options, Debug* debug) override {
      listed();
      return FSDirectoryWrapper::Fsync(options, debug);
    }
    Status FsyncWithDirOptions(const rocksdb::IOOptions& options, Debug* debug,
                               const rocksdb::DirFsyncOptions& dir_options) override {
      listed();
      return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, dir_options);
    }

   private:
    void listed() {
      std::lock_guard lock(disk_->mutex_);
      std::erase_if(disk_->unlisted_, [&](const std::string& file) {
        return Path(file).parent_path() == Path(name_);
      });
    }
    FaultyDisk* disk_;
    std::string name_;
  };

  std::mutex mutex_;
  std::map<std::string, uint64_t> synced_;  // bytes of each file that a crash leaves
  std::set<std::string> unlisted_;          // made since their folder was last synced
};

}  // namespace reckon
