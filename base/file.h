// The file seam: every durable file of Reckon is written through here. Errors are Error(io) with
// the path and errno's text. Not thread-safe per path; distinct paths are independent.
//
//   publish_folder(dir / "step_10", [&](const Path& tmp) { write_file(tmp / "model.safetensors",
//   bytes); ... });
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

using Path = std::filesystem::path;

std::string read_file(const Path& path);  // Error(no_input) when it does not exist

// Writes, flushes and fsyncs one file (not yet its folder).
void write_file(const Path& path, const std::vector<std::string_view>& pieces);
inline void write_file(const Path& path, std::string_view bytes) {
  write_file(path, std::vector{bytes});
}

void fsync_folder(const Path& path);

// Replaces `path` atomically: temporary file beside it, fsync, rename, fsync of the folder.
void publish_file(const Path& path, std::string_view bytes);

// Publishes a folder that appears whole or not at all (docs/checkpoint.md): `fill` writes its files
// into a temporary folder beside it with write_file; then manifest.json (last) with size and
// SHA-256 of each file and `facts` (a JSON object), fsyncs, rename, fsync of the parent. An
// existing `path` is an error.
void publish_folder(const Path& path, const std::string& facts,
                    const std::function<void(const Path& temporary)>& fill);

// Reads manifest.json of a published folder and checks every file against it. Returns its facts
// (JSON text). Throws Error(data) that names the first file that is missing, changed or unreadable.
std::string verify_folder(const Path& path);

// Removes temporary folders that a killed process left in `parent`.
void remove_temporaries(const Path& parent);

// Ends the process by SIGKILL when the environment variable RECKON_KILL_POINT is "name:n" and this
// is the n-th call with that name (n from 1). For the crash tests; any other process pays one
// comparison.
void kill_point(const char* name);

// Read-only memory map of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const Path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace reckon
