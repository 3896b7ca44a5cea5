#include "sandbox/tree.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/descriptor.h"

namespace reckon {
namespace {

namespace fs = std::filesystem;

void must(bool good, const std::string& step) {
  if (good) return;
  throw Error(Code::unavailable, "sandbox", cat("mounts: ", step, ": ", std::strerror(errno)),
              "`reckon doctor sandbox` shows what this host offers");
}

void make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  must(fs::is_directory(path), cat("make ", path));
}

// Flags that a remount inside a user namespace must repeat, because the host locked them.
unsigned long locked_flags(const std::string& path) {
  struct statvfs status;
  if (::statvfs(path.c_str(), &status) != 0) return 0;
  unsigned long flags = 0;
  if (status.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  return flags;
}

// Shows a file or folder of the host at `to`, read-only.
void bind(const std::string& from, const std::string& to, unsigned long flags) {
  if (fs::is_directory(from)) {
    make_folders(to);
  } else {
    make_folders(fs::path(to).parent_path());
    Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    must(static_cast<bool>(target), cat("make ", to));
  }
  must(::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0, cat("bind ", from));
  must(::mount(nullptr, to.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags | locked_flags(to),
               nullptr) == 0,
       cat("make ", from, " read-only"));
}

void link(const std::string& target, const std::string& path) {
  must(::symlink(target.c_str(), path.c_str()) == 0 || errno == EEXIST, cat("link ", path));
}

// The top-level links that programs and the loader take for granted: /lib -> usr/lib.
void add_links(const std::string& tree) {
  for (const char* name : {"/bin", "/lib", "/lib64"})
    if (fs::is_symlink(name) && !fs::exists(fs::symlink_status(tree + name)))
      link(fs::read_symlink(name).string(), tree + name);
  std::string loader = "/usr/lib64/ld-linux-x86-64.so.2";
  if (fs::is_symlink(loader) && !fs::exists(fs::symlink_status(tree + loader))) {
    make_folders(tree + "/usr/lib64");
    link(fs::read_symlink(loader).string(), tree + loader);
  }
}

// Shown already, as a part of a folder of the same name.
bool covered(const Bind& one, const std::vector<Bind>& binds) {
  for (const Bind& other : binds)
    if (one.from.starts_with(other.from + "/") && one.to.starts_with(other.to + "/") &&
        one.from.substr(other.from.size()) == one.to.substr(other.to.size()))
      return true;
  return false;
}

void build_tree(const Setup& setup, const std::string& tree, const std::vector<TreeFile>& files) {
  for (const char* folder : {"/tmp", "/dev", "/usr"}) make_folders(tree + folder);
  for (const Bind& one : setup.binds)
    if (!covered(one, setup.binds)) bind(one.from, tree + one.to, MS_RDONLY | MS_NOSUID | MS_NODEV);
  for (const std::string& folder : setup.hide) {
    std::string path = tree + folder;
    must(::mount("tmpfs", path.c_str(), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k") == 0,
         cat("hide ", folder));
  }
  // The only devices: without nodev, or they could not be opened. They hold nothing.
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"})
    bind(device, tree + device, MS_RDONLY | MS_NOSUID | MS_NOEXEC);
  link("/tmp", tree + "/dev/shm");
  add_links(tree);
  if (!setup.warm) return;
  make_folders(tree + "/reckon");
  for (const TreeFile& file : files) {
    Descriptor out(::open((tree + file.path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0555));
    must(out && ::write(out.get(), file.bytes.data(), file.bytes.size()) ==
                    static_cast<ssize_t>(file.bytes.size()),
         cat("write ", file.path));
  }
}

// Some folder to mount the new root over that no set-up reads from; it is covered for this process
// alone.
std::string free_mount_point(const std::vector<Setup>& setups) {
  for (const char* folder : {"/mnt", "/media", "/srv", "/opt", "/run", "/tmp"}) {
    bool used = !fs::is_directory(folder);
    for (const Setup& setup : setups)
      for (const Bind& one : setup.binds) used = used || one.from.starts_with(cat(folder, "/"));
    if (!used) return folder;
  }
  throw Error(Code::unavailable, "sandbox", "no folder is free to mount over",
              "make a folder /mnt");
}

void pivot(const std::string& root) {
  must(::chdir(root.c_str()) == 0, cat("enter ", root));
  must(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  must(::umount2(".", MNT_DETACH) == 0, "leave the old root");
  must(::chdir("/") == 0, "enter the new root");
}

}  // namespace

void move_into_trees(const std::vector<Setup>& setups, const std::vector<TreeFile>& files) {
  must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
  std::string root = free_mount_point(setups);
  must(::mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID, "size=16m,mode=0755") == 0,
       "mount the root");
  for (const Setup& setup : setups)
    if (setup.missing.empty()) build_tree(setup, cat(root, "/", setup.name), files);
  make_folders(root + "/proc");
  must(::mount("/proc", (root + "/proc").c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0,
       "bind /proc");
  must(::mount(nullptr, root.c_str(), nullptr,
               MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) == 0,
       "make the root read-only");
  pivot(root);
}

void enter_tree(const std::string& name) {
  std::string tree = "/" + name;
  must(::mount(tree.c_str(), tree.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0,
       cat("bind ", tree));
  pivot(tree);
}

}  // namespace reckon
