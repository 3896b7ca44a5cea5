// A folder for one test, removed with everything in it; the process works inside it meanwhile.
//
//   TemporaryFolder folder;
//   folder.write("run.toml", "...");
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace reckon {

class TemporaryFolder {
 public:
  TemporaryFolder() : before_(std::filesystem::current_path()) {
    std::string name = (std::filesystem::temp_directory_path() / "reckon_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    std::filesystem::current_path(path_);
  }
  ~TemporaryFolder() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path before_, path_;
};

}  // namespace reckon
