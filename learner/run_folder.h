// The folder of a run: one writer at a time, one identity from the moment its store exists (a start
// that failed before, on a wrong path say, binds nobody). Layout in docs/run_folder.md.
//
//   RunFolder folder(config);   // creates, or opens to resume; Error(config) with the difference
//                               // when another run file has begun here
#pragma once

#include <string>

#include "base/file.h"
#include "pipeline/config.h"

namespace reckon {

class RunFolder {
 public:
  explicit RunFolder(const RunConfig& config);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;

  const std::string& run_id() const { return run_id_; }
  const Path& root() const { return root_; }
  Path checkpoints() const { return root_ / "checkpoints"; }
  Path store() const { return root_ / "store"; }
  bool resumed() const { return resumed_; }

 private:
  explicit RunFolder(const Path& root);  // locked
  void read_or_create(const RunConfig& config);
  void open_log();

  Path root_;
  std::string run_id_;
  bool resumed_ = false;
  int lock_ = -1;
};

}  // namespace reckon
