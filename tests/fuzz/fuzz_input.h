// What the fuzz targets share. A target gets hostile bytes; reckon::Error is how they are refused.
// Anything else (a crash, another exception, an Error(internal)) is a finding.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace reckon {

inline std::string_view text_of_input(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The bytes as a file, without a disk.
class InputFile {
 public:
  explicit InputFile(std::string_view bytes) : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    RECKON_CHECK(fd_ >= 0, "no file in memory");
    const auto written = bytes.empty() ? 0 : ::write(fd_, bytes.data(), bytes.size());
    RECKON_CHECK(written == static_cast<ssize_t>(bytes.size()), "the file is not whole");
  }
  ~InputFile() { ::close(fd_); }
  InputFile(const InputFile&) = delete;
  Path path() const { return cat("/proc/self/fd/", fd_); }

 private:
  int fd_;
};

// Runs `work`; a refusal by Error is well, unless it is a defect or says neither place nor problem.
template <class Work>
void refusal_is_well(Work work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() == Code::internal || error.place().empty() || error.problem().empty() ||
        error.remedy().empty())
      throw;
  }
}

}  // namespace reckon
