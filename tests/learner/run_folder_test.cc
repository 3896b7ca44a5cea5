#include "learner/run_folder.h"

#include "tests/learner/state_fixture.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() { config_.run.dir = (folder_.path() / "run").string(); }
  // What a run has once its stages have started.
  void begin() const { std::filesystem::create_directories(folder_.path() / "run" / "store"); }

  MemoryFolder folder_;
  RunConfig config_ = tiny_run();
};

TEST_F(RunFolderTest, IsCreatedAndResumedWithTheSameIdentity) {
  std::string id;
  {
    RunFolder run(config_);
    EXPECT_FALSE(run.resumed());
    id = run.run_id();
    EXPECT_FALSE(id.empty());
  }
  begin();
  config_.layout.threads = 5;  // free to change
  RunFolder run(config_);
  EXPECT_TRUE(run.resumed());
  EXPECT_EQ(run.run_id(), id);
  EXPECT_TRUE(std::filesystem::exists(run.root() / "logs" / "attempt_2" / "run.log"));
  EXPECT_NE(read_file(run.root() / "config.resolved.toml").find("threads = 5"), std::string::npos);
}

TEST_F(RunFolderTest, HasOneProcessAtATime) {
  std::optional<RunFolder> run(config_);
  std::string text = error_of(Code::unavailable, [&] { RunFolder second(config_); });
  EXPECT_NE(text.find("another process"), std::string::npos) << text;
  run.reset();
  EXPECT_NO_THROW(RunFolder third(config_));
}

TEST_F(RunFolderTest, AnotherRunFileIsRefusedWithTheDifferenceAndGivesTheLockBack) {
  { RunFolder run(config_); }
  begin();
  RunConfig other = config_;
  other.run.seed = 8;
  std::string text = error_of(Code::config, [&] { RunFolder run(other); });
  EXPECT_NE(text.find("the run has   run.seed = 7"), std::string::npos) << text;
  EXPECT_NE(text.find("you now give  run.seed = 8"), std::string::npos) << text;
  EXPECT_EQ(text.find("threads"), std::string::npos) << text;
  EXPECT_NO_THROW(RunFolder run(config_));
}

TEST_F(RunFolderTest, AStartThatFailedBeforeTheStoreBindsNobody) {
  { RunFolder run(config_); }
  config_.run.seed = 8;
  {
    RunFolder run(config_);
    EXPECT_FALSE(run.resumed());
  }
  begin();
  EXPECT_TRUE(RunFolder(config_).resumed());
}

TEST_F(RunFolderTest, APlaceThatCannotBeWrittenIsNamed) {
  folder_.write("file", "");
  config_.run.dir = (folder_.path() / "file" / "run").string();
  std::string text = error_of(Code::io, [&] { RunFolder run(config_); });
  EXPECT_NE(text.find(config_.run.dir), std::string::npos) << text;
}

}  // namespace
}  // namespace reckon
