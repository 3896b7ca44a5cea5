#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr const char* kNeeded[] = {"memory",
                                   "pids"};  // without these there is no limit worth the name
constexpr const char* kUseful[] = {"cpuacct", "cpu"};  // accounting; a share of the machine
constexpr char kPrefix[] = "reckon-sandbox-";

Error unusable(const std::string& what) {
  return Error(Code::unavailable, "sandbox", cat("cgroup: ", what),
               "run as root or in a delegated cgroup (docs/sandbox.md), or name \"cgroup\" in "
               "allow_missing");
}

std::string read_small(int folder, const char* name) {
  Descriptor file(::openat(folder, name, O_RDONLY | O_CLOEXEC));
  char text[4096];
  ssize_t length = file ? ::read(file.get(), text, sizeof text) : -1;
  return length > 0 ? std::string(text, static_cast<size_t>(length)) : "";
}

bool write_small(int folder, const char* name, const std::string& text) {
  Descriptor file(::openat(folder, name, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// The number after `key` in lines "key value"; the first number of the file when `key` is empty.
uint64_t number(const std::string& text, const std::string& key) {
  for (const std::string& line : split(text, '\n')) {
    if (key.empty()) return static_cast<uint64_t>(parse_int(line).value_or(0));
    if (line.starts_with(key + " "))
      return static_cast<uint64_t>(parse_int(line.substr(key.size() + 1)).value_or(0));
  }
  return 0;
}

struct Mount {
  std::string type, root, point, options;
};

std::vector<Mount> cgroup_mounts() {
  std::vector<Mount> mounts;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> words = split(line, ' ');
    auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 6 || words.end() - dash < 4) continue;
    if (dash[1] == "cgroup" || dash[1] == "cgroup2")
      mounts.push_back({dash[1], words[3], words[4], dash[3]});
  }
  return mounts;
}

// This process's own cgroup in the hierarchy of `controller` (empty: v2), as a folder.
std::optional<std::string> own_folder(const std::vector<Mount>& mounts,
                                      const std::string& controller) {
  std::string path;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> parts = split(line, ':');
    if (parts.size() < 3) continue;
    std::vector<std::string> names = split(parts[1], ',');
    bool match = controller.empty()
                     ? parts[0] == "0"
                     : std::find(names.begin(), names.end(), controller) != names.end();
    if (match) path = line.substr(parts[0].size() + parts[1].size() + 2);
  }
  if (path.empty()) return std::nullopt;
  for (const Mount& mount : mounts) {
    std::vector<std::string> names = split(mount.options, ',');
    bool match = controller.empty()
                     ? mount.type == "cgroup2"
                     : mount.type == "cgroup" &&
                           std::find(names.begin(), names.end(), controller) != names.end();
    if (!match) continue;
    // A container may see a part of the hierarchy only: then mount.root is what the path begins
    // with.
    std::string below =
        mount.root != "/" && path.starts_with(mount.root) ? path.substr(mount.root.size()) : path;
    return below.empty() || below == "/" ? mount.point
                                         : cat(mount.point, below[0] == '/' ? "" : "/", below);
  }
  return std::nullopt;
}

// Folders of launchers that are gone: a launcher killed with -9 cannot remove its own.
void remove_abandoned(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    auto pid = parse_int(name.substr(std::strlen(kPrefix)));
    if (!pid || ::kill(static_cast<pid_t>(*pid), 0) == 0 || errno != ESRCH) continue;
    for (const auto& slot : std::filesystem::directory_iterator(entry.path(), error))
      if (slot.is_directory(error)) ::rmdir(slot.path().c_str());
    ::rmdir(entry.path().c_str());
  }
}

Descriptor open_folder(int parent, const std::string& name) {
  return Descriptor(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

CgroupHome CgroupHome::open() {
  CgroupHome home;
  home.name_ = cat(kPrefix, ::getpid());
  std::vector<Mount> mounts = cgroup_mounts();
  auto add = [&](const std::string& parent, std::vector<std::string> controllers) {
    remove_abandoned(parent);
    Hierarchy made{std::move(controllers), {}, open_folder(AT_FDCWD, parent)};
    if (!made.parent ||
        (::mkdirat(made.parent.get(), home.name_.c_str(), 0755) != 0 && errno != EEXIST))
      throw unusable(cat("cannot make a folder in ", parent, ": ", std::strerror(errno)));
    made.folder = open_folder(made.parent.get(), home.name_);
    home.hierarchies_.push_back(std::move(made));
  };
  auto unified = own_folder(mounts, "");
  std::string offered =
      unified ? read_small(open_folder(AT_FDCWD, *unified).get(), "cgroup.controllers") : "";
  std::vector<std::string> names = split(offered.substr(0, offered.find('\n')), ' ');
  auto offers = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (offers("memory") && offers("pids")) {
    home.v2_ = true;
    Descriptor own = open_folder(AT_FDCWD, *unified);
    std::string wanted = offers("cpu") ? "+memory +pids +cpu" : "+memory +pids";
    std::string active = read_small(own.get(), "cgroup.subtree_control");
    bool ready =
        active.find("memory") != std::string::npos && active.find("pids") != std::string::npos;
    if (!ready && !write_small(own.get(), "cgroup.subtree_control", wanted))
      throw unusable(cat("v2: ", *unified, " holds processes and is not delegated for children: ",
                         std::strerror(errno)));
    add(*unified, {"memory", "pids", "cpu"});
    if (!write_small(home.hierarchies_.back().folder.get(), "cgroup.subtree_control",
                     "+memory +pids"))
      throw unusable(cat("v2: controllers cannot be passed on: ", std::strerror(errno)));
    write_small(home.hierarchies_.back().folder.get(), "cgroup.subtree_control", "+cpu");
    home.text_ = "cgroup v2: memory, pids, cpu";
    return home;
  }
  std::vector<std::string> found;
  auto take = [&](const char* controller, bool needed) {
    auto folder = own_folder(mounts, controller);
    if (!folder && needed) throw unusable(cat("no hierarchy offers ", controller));
    if (!folder) return;
    for (Hierarchy& hierarchy : home.hierarchies_) {  // "cpu,cpuacct" are often one hierarchy
      struct stat a, b;
      if (::fstat(hierarchy.parent.get(), &a) != 0 || ::stat(folder->c_str(), &b) != 0) continue;
      if (a.st_dev != b.st_dev || a.st_ino != b.st_ino) continue;
      hierarchy.controllers.push_back(controller);
      found.push_back(controller);
      return;
    }
    try {
      add(*folder, {controller});
      found.push_back(controller);
    } catch (const Error&) {
      if (needed) throw;
    }
  };
  for (const char* controller : kNeeded) take(controller, true);
  for (const char* controller : kUseful) take(controller, false);
  home.text_ = cat("cgroup v1: ", join(found, ", "));
  return home;
}

SlotCgroup CgroupHome::make_slot(int slot) {
  SlotCgroup made;
  made.v2_ = v2_;
  slots_ = std::max(slots_, slot + 1);
  for (Hierarchy& hierarchy : hierarchies_) {
    std::string name = cat("slot-", slot);
    if (::mkdirat(hierarchy.folder.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
      throw unusable(cat("cannot make ", name, ": ", std::strerror(errno)));
    Descriptor folder = open_folder(hierarchy.folder.get(), name);
    Descriptor procs(::openat(folder.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
    if (!procs) throw unusable(cat("cannot open cgroup.procs: ", std::strerror(errno)));
    made.procs_.push_back(std::move(procs));
    for (const std::string& controller : hierarchy.controllers) {
      Descriptor copy(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3));
      if (controller == "memory") made.memory_ = std::move(copy);
      if (controller == "pids") made.pids_ = std::move(copy);
      if (controller == (v2_ ? "cpu" : "cpuacct")) made.cpu_ = std::move(copy);
    }
  }
  return made;
}

bool CgroupHome::remove_slots() {
  bool gone = true;
  auto remove = [&](const Descriptor& folder, const std::string& name) {
    if (::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) gone = false;
  };
  for (Hierarchy& hierarchy : hierarchies_) {
    for (int slot = 0; slot < slots_; ++slot) remove(hierarchy.folder, cat("slot-", slot));
    remove(hierarchy.parent, name_);
  }
  return gone;
}

void SlotCgroup::arm(const box::Quota& quota) {
  if (!present()) return;
  auto must = [](bool good, const char* what) {
    if (!good) throw unusable(cat("cannot set ", what, ": ", std::strerror(errno)));
  };
  if (quota.memory_bytes != armed_memory_) {
    std::string bytes = cat(quota.memory_bytes);
    if (v2_) {
      must(write_small(memory_.get(), "memory.max", bytes), "memory.max");
      write_small(memory_.get(), "memory.swap.max", "0");
      write_small(memory_.get(), "memory.oom.group", "1");
    } else {
      // Memory with swap may never be below memory alone: out of the way first, then as low.
      write_small(memory_.get(), "memory.memsw.limit_in_bytes", "-1");
      must(write_small(memory_.get(), "memory.limit_in_bytes", bytes), "memory.limit_in_bytes");
      write_small(memory_.get(), "memory.memsw.limit_in_bytes", bytes);
    }
    armed_memory_ = quota.memory_bytes;
  }
  if (quota.processes != armed_pids_) {
    must(write_small(pids_.get(), "pids.max", cat(quota.processes + 1)), "pids.max");  // + init
    armed_pids_ = quota.processes;
  }
  write_small(memory_.get(), v2_ ? "memory.peak" : "memory.max_usage_in_bytes", "0");
}

uint64_t SlotCgroup::cpu_us() const {
  if (!cpu_) return 0;
  if (v2_) return number(read_small(cpu_.get(), "cpu.stat"), "usage_usec");
  return number(read_small(cpu_.get(), "cpuacct.usage"), "") / 1000;
}

uint64_t SlotCgroup::memory_peak() const {
  if (!memory_) return 0;
  return number(read_small(memory_.get(), v2_ ? "memory.peak" : "memory.max_usage_in_bytes"), "");
}

uint64_t SlotCgroup::memory_kills() const {
  if (!memory_) return 0;
  return number(read_small(memory_.get(), v2_ ? "memory.events" : "memory.oom_control"),
                "oom_kill");
}

}  // namespace reckon
