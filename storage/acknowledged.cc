#include "storage/acknowledged.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "storage/records.h"

namespace reckon {
namespace {

std::string encode_count(uint64_t value) {
  std::string out(16, '\0');
  std::memcpy(out.data(), &value, 8);
  uint64_t check = hash64({out.data(), 8});
  std::memcpy(out.data() + 8, &check, 8);
  return out;
}

}  // namespace

Acknowledged::Acknowledged(const Path& path) : path_(path) {
  if (!std::filesystem::exists(path)) publish_file(path, encode_count(0));
  std::string bytes = read_file(path);
  if (bytes.size() == 16) std::memcpy(&value_, bytes.data(), 8);
  if (bytes != encode_count(value_))
    throw_corrupt(path.string(), "the count of acknowledged writes is damaged");
  fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd_ < 0)
    throw Error(Code::io, path.string(), cat("cannot be opened: ", std::strerror(errno)),
                "check its permissions");
}

Acknowledged::~Acknowledged() {
  if (fd_ >= 0) ::close(fd_);
}

void Acknowledged::set(uint64_t value) {
  std::string bytes = encode_count(value);
  if (::pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(Code::io, path_.string(), cat("writing failed: ", std::strerror(errno)),
                "check the disk");
  }
  value_ = value;
}

}  // namespace reckon
