// The pieces of a box that can be looked at by themselves.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "base/error.h"
#include "sandbox/output_file.h"
#include "sandbox/probe.h"
#include "sandbox/syscall_policy.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

TEST(SyscallPolicy, ListsNothingThatReachesOutOfTheBox) {
  std::vector<std::string> names = allowed_calls({.execute = true});
  std::set<std::string> allowed(names.begin(), names.end());
  EXPECT_EQ(allowed.size(), names.size()) << "a name stands twice";
  for (const char* name :
       {"socket", "connect", "bind",           "clone3", "unshare",      "setns", "mount",
        "ptrace", "bpf",     "io_uring_setup", "keyctl", "memfd_create", "flock", "ioctl",
        "fcntl",  "prctl",   "clone",          "mknod",  "chroot",       "setuid"})
    EXPECT_EQ(allowed.count(name), 0u) << name;
}

TEST(SyscallPolicy, ExecutionIsForCompilersAndNativeProgramsAlone) {
  EXPECT_THAT(allowed_calls({.execute = true}), ::testing::Contains("execve"));
  EXPECT_THAT(allowed_calls({.execute = false}), ::testing::Not(::testing::Contains("execve")));
}

TEST(SyscallPolicy, CompilesToAProgramThatTheKernelTakes) {
  for (bool execute : {false, true}) {
    box::SyscallFilter filter = compile_filter({.execute = execute});
    EXPECT_GT(filter.length, 50);
    EXPECT_LT(filter.length, std::size(filter.code));
  }
  EXPECT_LT(compile_init_filter().length, 40);
}

TEST(Probe, NamesWhatIsMissing) {
  HostReport host = probe_host({"landlock", "seccomp"});
  EXPECT_FALSE(host.has("landlock"));
  EXPECT_THAT(host.missing(), ::testing::IsSupersetOf({"landlock", "seccomp"}));
  EXPECT_THROW(require(host, {"landlock", "cgroup", "separate_uid"}), Error);
}

TEST(Probe, ANameThatNothingHasIsAnError) {
  try {
    require(probe_host({}), {"landlok"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_THAT(error.remedy(), ::testing::HasSubstr("landlock"));
  }
}

class TakeFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_number_.reset(::open(folder_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  bool taken(const std::string& name, uint64_t most = 1 << 20) {
    return static_cast<bool>(take_file(folder_number_.get(), name, most));
  }
  std::filesystem::path path(const std::string& name) { return folder_.path() / name; }

  TemporaryFolder folder_;
  Descriptor folder_number_;
};

TEST_F(TakeFile, CopiesARegularFileAndSealsIt) {
  folder_.write("program", "bytes");
  Descriptor copy = take_file(folder_number_.get(), "program", 100);
  ASSERT_TRUE(copy);
  char text[10] = {};
  EXPECT_EQ(::pread(copy.get(), text, sizeof text, 0), 5);
  EXPECT_STREQ(text, "bytes");
  EXPECT_EQ(::pwrite(copy.get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(copy.get(), 0), -1);
}

TEST_F(TakeFile, FollowsNoLinkAndTakesNothingElse) {
  folder_.write("file", "x");
  std::filesystem::create_symlink("/etc/hostname", path("host"));
  std::filesystem::create_symlink("file", path("inside"));
  std::filesystem::create_directory_symlink("/etc", path("etc"));
  std::filesystem::create_directory(path("folder"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const char* name : {"host", "inside", "etc/hostname", "../file", "/etc/hostname", "folder",
                           "pipe", "absent", ""})
    EXPECT_FALSE(taken(name)) << name;
  EXPECT_TRUE(taken("file"));
}

TEST_F(TakeFile, RefusesWhatIsTooLarge) {
  folder_.write("file", std::string(1000, 'x'));
  EXPECT_FALSE(taken("file", 999));
  EXPECT_TRUE(taken("file", 1000));
}

}  // namespace
}  // namespace reckon
