#include "base/file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace reckon {
namespace {

namespace fs = std::filesystem;

// A folder of the test's own. A death test starts this program anew and comes to the same folder
// through the environment.
class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* inherited = getenv(kVariable)) {
      folder_ = inherited;
      return;
    }
    std::string name = testing::TempDir() + "reckon_file_test_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    setenv(kVariable, name.c_str(), 1);
    owner_ = true;
  }
  void TearDown() override {
    if (!owner_) return;
    unsetenv(kVariable);
    fs::remove_all(folder_);
  }

  Path publish() {
    publish_folder(folder_ / "step_1", R"({"step": 1})", fill);
    return folder_ / "step_1";
  }
  static void fill(const Path& temporary) {
    write_file(temporary / "a.bin", std::string("alpha\0alpha", 11));
    fs::create_directory(temporary / "inner");
    write_file(temporary / "inner" / "b.bin", "beta");
    write_file(temporary / "empty", "");
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

  static constexpr char kVariable[] = "RECKON_FILE_TEST_FOLDER";
  Path folder_;
  bool owner_ = false;
};

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Code::internal, "", "nothing was thrown", "");
}

TEST_F(FileTest, WrittenBytesReadBack) {
  std::string bytes("\0\xff line\n\0", 9);
  write_file(folder_ / "f", {bytes, "", "tail"});
  EXPECT_EQ(read_file(folder_ / "f"), bytes + "tail");
  write_file(folder_ / "f", "shorter");
  EXPECT_EQ(read_file(folder_ / "f"), "shorter");
  write_file(folder_ / "f", "");
  EXPECT_EQ(read_file(folder_ / "f"), "");
}

TEST_F(FileTest, AMissingFileIsNamed) {
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { read_file(folder_ / "absent"); }, [&] { MappedFile map(folder_ / "absent"); }}) {
    Error error = error_of(action);
    EXPECT_EQ(error.code(), Code::no_input);
    EXPECT_EQ(error.place(), (folder_ / "absent").string());
  }
  Error error = error_of([&] { write_file(folder_ / "no" / "such" / "folder", "x"); });
  EXPECT_EQ(error.code(), Code::io);
  EXPECT_NE(error.problem().find("No such file or directory"), std::string::npos);
}

TEST_F(FileTest, PublishFileReplacesAndLeavesNoTemporary) {
  publish_file(folder_ / "f", "old");
  publish_file(folder_ / "f", "new");
  EXPECT_EQ(read_file(folder_ / "f"), "new");
  EXPECT_EQ(names(), std::vector<std::string>{"f"});
  EXPECT_EQ(error_of([&] { publish_file(folder_ / "no" / "f", "x"); }).code(), Code::io);
}

TEST_F(FileTest, MappedFileShowsTheBytes) {
  write_file(folder_ / "f", std::string(10'000, 'm'));
  write_file(folder_ / "empty", "");
  EXPECT_EQ(MappedFile(folder_ / "f").bytes(), std::string(10'000, 'm'));
  EXPECT_EQ(MappedFile(folder_ / "empty").bytes(), "");
}

TEST_F(FileTest, APublishedFolderIsWholeAndVerifies) {
  Path path = publish();
  EXPECT_EQ(nlohmann::json::parse(verify_folder(path)), nlohmann::json::parse(R"({"step": 1})"));
  EXPECT_EQ(read_file(path / "inner" / "b.bin"), "beta");
  EXPECT_EQ(names(), std::vector<std::string>{"step_1"});
  nlohmann::json manifest = nlohmann::json::parse(read_file(path / "manifest.json"));
  EXPECT_EQ(manifest["files"].size(), 3u);
}

TEST_F(FileTest, AnExistingFolderIsNotOverwritten) {
  Path path = publish();
  Error error = error_of([&] { publish(); });
  EXPECT_EQ(error.code(), Code::io);
  EXPECT_EQ(error.place(), path.string());
  EXPECT_NO_THROW(verify_folder(path));
}

TEST_F(FileTest, AFailureWhileFillingPublishesNothing) {
  EXPECT_THROW(publish_folder(folder_ / "step_2", "{}",
                              [](const Path& temporary) {
                                write_file(temporary / "a", "a");
                                throw Error(Code::io, "a", "the disk is full", "");
                              }),
               Error);
  EXPECT_FALSE(fs::exists(folder_ / "step_2"));
  remove_temporaries(folder_);
  EXPECT_TRUE(names().empty());
}

TEST_F(FileTest, RemoveTemporariesKeepsTheRest) {
  publish();
  fs::create_directories(folder_ / "step_2.tmp-17" / "inner");
  write_file(folder_ / "f.tmp-18", "x");
  write_file(folder_ / "notes", "x");
  remove_temporaries(folder_);
  EXPECT_EQ(names(), (std::vector<std::string>{"notes", "step_1"}));
  EXPECT_NO_THROW(remove_temporaries(folder_ / "absent"));
}

struct Damage {
  const char* name;
  const char* file;  // that the error must name
  std::function<void(const Path& folder)> make;
};

class Verify : public FileTest, public testing::WithParamInterface<Damage> {};

TEST_P(Verify, FindsTheDamageAndNamesTheFile) {
  Path path = publish();
  GetParam().make(path);
  Error error = error_of([&] { verify_folder(path); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.place(), (path / GetParam().file).string());
  EXPECT_FALSE(error.remedy().empty());
}

void rewrite_manifest(const Path& path, const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json manifest = nlohmann::json::parse(read_file(path / "manifest.json"));
  change(manifest);
  write_file(path / "manifest.json", manifest.dump());
}

INSTANTIATE_TEST_SUITE_P(
    , Verify,
    testing::Values(
        Damage{"MissingFile", "a.bin", [](const Path& p) { fs::remove(p / "a.bin"); }},
        Damage{"MissingInnerFile", "inner/b.bin",
               [](const Path& p) { fs::remove_all(p / "inner"); }},
        Damage{"FlippedByte", "a.bin",
               [](const Path& p) { write_file(p / "a.bin", std::string("alpha\1alpha", 11)); }},
        Damage{"CutFile", "inner/b.bin",
               [](const Path& p) { write_file(p / "inner" / "b.bin", "bet"); }},
        Damage{"GrownFile", "empty", [](const Path& p) { write_file(p / "empty", "x"); }},
        Damage{"FolderInPlaceOfFile", "empty",
               [](const Path& p) {
                 fs::remove(p / "empty");
                 fs::create_directory(p / "empty");
               }},
        Damage{"MissingManifest", "manifest.json",
               [](const Path& p) { fs::remove(p / "manifest.json"); }},
        Damage{"EmptyManifest", "manifest.json",
               [](const Path& p) { write_file(p / "manifest.json", ""); }},
        Damage{"CutManifest", "manifest.json",
               [](const Path& p) {
                 std::string text = read_file(p / "manifest.json");
                 write_file(p / "manifest.json", text.substr(0, text.size() / 2));
               }},
        Damage{
            "ManifestOfAnotherFormat", "manifest.json",
            [](const Path& p) { rewrite_manifest(p, [](nlohmann::json& m) { m["format"] = 2; }); }},
        Damage{"ManifestWithoutFiles", "manifest.json",
               [](const Path& p) {
                 rewrite_manifest(p, [](nlohmann::json& m) { m.erase("files"); });
               }},
        Damage{"ManifestWithOddFiles", "manifest.json",
               [](const Path& p) {
                 rewrite_manifest(p, [](nlohmann::json& m) { m["files"] = {1, 2}; });
               }},
        Damage{"ManifestWithOddSize", "manifest.json",
               [](const Path& p) {
                 rewrite_manifest(p, [](nlohmann::json& m) { m["files"][0]["size"] = "x"; });
               }}),
    [](const testing::TestParamInfo<Damage>& info) { return info.param.name; });

class KillPoint : public FileTest, public testing::WithParamInterface<const char*> {};

// A process killed at any place of a publication leaves a whole folder or none.
TEST_P(KillPoint, LeavesAWholeFolderOrNone) {
  GTEST_FLAG_SET(death_test_style,
                 "threadsafe");  // the variable is read once per process: start a fresh one
  setenv("RECKON_KILL_POINT", GetParam(), 1);
  EXPECT_EXIT(publish(), testing::KilledBySignal(SIGKILL), "");
  unsetenv("RECKON_KILL_POINT");
  std::string point = GetParam();
  bool renamed = point == "publish.rename:1" || point == "publish.done:1";
  EXPECT_EQ(fs::exists(folder_ / "step_1"), renamed);
  EXPECT_FALSE(names().empty());
  remove_temporaries(folder_);
  if (renamed) {
    EXPECT_NO_THROW(verify_folder(folder_ / "step_1"));
  } else {
    EXPECT_TRUE(names().empty());
    EXPECT_NO_THROW(verify_folder(publish()));
  }
}

INSTANTIATE_TEST_SUITE_P(, KillPoint,
                         testing::Values("publish.files:1", "publish.manifest:1",
                                         "publish.rename:1", "publish.done:1"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           std::string name = info.param;
                           return name.substr(8, name.find(':') - 8);
                         });

TEST_F(FileTest, KillPointCountsOnlyItsOwnName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("RECKON_KILL_POINT", "here:3", 1);
  EXPECT_EXIT(
      {
        for (int i = 0; i < 5; ++i) kill_point("elsewhere");
        kill_point("here");
        kill_point("here");
        write_file(folder_ / "alive_after_two", "");
        kill_point("here");
        write_file(folder_ / "alive_after_three", "");
      },
      testing::KilledBySignal(SIGKILL), "");
  unsetenv("RECKON_KILL_POINT");
  EXPECT_EQ(names(), std::vector<std::string>{"alive_after_two"});
}

}  // namespace
}  // namespace reckon
