#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr char kManifest[] = "manifest.json";
constexpr int kManifestFormat = 1;

[[noreturn]] void fail(const Path& path, const std::string& what) {
  throw Error(
      Code::io, path.string(), cat(what, ": ", std::strerror(errno)),
      errno == ENOSPC ? "free some disk space" : "check the path, its permissions and the disk");
}

class Descriptor {
 public:
  Descriptor(const Path& path, int flags, mode_t mode = 0644)
      : path_(path), fd_(::open(path.c_str(), flags, mode)) {
    if (fd_ < 0) fail(path, "cannot be opened");
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }
  void sync() {
    if (::fsync(fd_) != 0) fail(path_, "fsync failed");
  }

 private:
  const Path& path_;
  int fd_;
};

nlohmann::json entry_of(const Path& folder, const Path& file) {
  return {{"name", std::filesystem::relative(file, folder).string()},
          {"size", std::filesystem::file_size(file)},
          {"sha256", sha256_file(file.string())}};
}

std::vector<Path> files_under(const Path& folder) {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_manifest(const nlohmann::json& json) {
  if (!json.is_object() || json.value("format", nlohmann::json()) != kManifestFormat) return false;
  if (!json.contains("facts") || !json.contains("files") || !json["files"].is_array()) return false;
  for (const auto& entry : json["files"]) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) return false;
    if (!entry.contains("size") || !entry["size"].is_number_unsigned()) return false;
    if (!entry.contains("sha256") || !entry["sha256"].is_string()) return false;
  }
  return true;
}

}  // namespace

std::string read_file(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw Error(Code::no_input, path.string(), "cannot be opened",
                "check that the file exists and may be read");
  }
  std::ostringstream out;
  out << in.rdbuf();
  if (in.bad()) fail(path, "reading failed");
  return std::move(out).str();
}

void write_file(const Path& path, const std::vector<std::string_view>& pieces) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      ssize_t wrote = ::write(file.get(), piece.data(), std::min<size_t>(piece.size(), 1 << 30));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) fail(path, "writing failed");
      piece.remove_prefix(static_cast<size_t>(wrote));
    }
  }
  file.sync();
}

void fsync_folder(const Path& path) { Descriptor(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync(); }

void publish_file(const Path& path, std::string_view bytes) {
  Path temporary = path;
  temporary += cat(".tmp-", ::getpid());
  write_file(temporary, bytes);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "rename failed");
  fsync_folder(path.has_parent_path() ? path.parent_path() : Path("."));
}

void publish_folder(const Path& path, const std::string& facts,
                    const std::function<void(const Path&)>& fill) {
  if (std::filesystem::exists(path)) {
    throw Error(Code::io, path.string(), "exists already", "choose another folder or remove it");
  }
  Path parent = path.has_parent_path() ? path.parent_path() : Path(".");
  Path temporary = path;
  temporary += cat(".tmp-", ::getpid());
  std::filesystem::remove_all(temporary);
  std::filesystem::create_directories(temporary);
  fill(temporary);
  kill_point("publish.files");
  nlohmann::json manifest = {{"format", kManifestFormat},
                             {"facts", nlohmann::json::parse(facts)},
                             {"files", nlohmann::json::array()}};
  for (const Path& file : files_under(temporary))
    manifest["files"].push_back(entry_of(temporary, file));
  write_file(temporary / kManifest, manifest.dump(1) + "\n");
  kill_point("publish.manifest");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary)) {
    if (entry.is_directory()) fsync_folder(entry.path());
  }
  fsync_folder(temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "rename failed");
  kill_point("publish.rename");
  fsync_folder(parent);
  kill_point("publish.done");
}

std::string verify_folder(const Path& path) {
  auto damaged = [&](const Path& file, const std::string& what) -> Error {
    return Error(Code::data, file.string(), what, "the folder is damaged; use another checkpoint");
  };
  if (!std::filesystem::exists(path / kManifest)) throw damaged(path / kManifest, "is missing");
  nlohmann::json manifest = nlohmann::json::parse(read_file(path / kManifest), nullptr, false);
  if (!is_manifest(manifest)) throw damaged(path / kManifest, "is not a manifest of format 1");
  for (const auto& entry : manifest["files"]) {
    Path file = path / entry.value("name", "");
    std::error_code error;
    uintmax_t size = std::filesystem::file_size(file, error);
    if (error) throw damaged(file, "is missing");
    if (size != entry.value("size", uintmax_t{0}))
      throw damaged(file, "has another size than its manifest says");
    if (sha256_file(file.string()) != entry.value("sha256", ""))
      throw damaged(file, "does not match its SHA-256");
  }
  return manifest["facts"].dump();
}

void remove_temporaries(const Path& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (entry.path().filename().string().find(".tmp-") != std::string::npos)
      std::filesystem::remove_all(entry.path());
  }
}

void kill_point(const char* name) {
  static const std::string wanted =
      std::getenv("RECKON_KILL_POINT") ? std::getenv("RECKON_KILL_POINT") : "";
  static std::atomic<int64_t> calls{0};
  if (wanted.empty()) return;
  size_t colon = wanted.rfind(':');
  if (wanted.substr(0, colon) != name) return;
  if (++calls == parse_int(wanted.substr(colon + 1)).value_or(1)) ::raise(SIGKILL);
}

MappedFile::MappedFile(const Path& path) {
  if (!std::filesystem::exists(path)) {
    throw Error(Code::no_input, path.string(), "does not exist", "check the path");
  }
  Descriptor file(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (::fstat(file.get(), &status) != 0) fail(path, "stat failed");
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) fail(path, "mmap failed");
  data_ = static_cast<const char*>(data);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace reckon
