// Kills, damaged files and failing disks: what was acknowledged is there afterwards, or the store
// refuses to open.
#include <fcntl.h>

#include "base/random.h"
#include "tests/storage/child.h"
#include "tests/storage/faulty_disk.h"
#include "tests/storage/fixture.h"

namespace reckon {
namespace {

SampleKey nth(uint64_t n) { return key(0, n / 4, 0, n % 4); }

void write_nth(Store& store, uint64_t n) {
  StoreBatch batch;
  batch.samples.push_back(sample_record(nth(n), 50 + n % 300));
  batch.columns.push_back(outcome_record(nth(n), static_cast<double>(n % 3)));
  store.write(batch);
}

void expect_whole(const Store& store, uint64_t count) {
  for (uint64_t n = 0; n < count; ++n) {
    auto sample = store.sample(nth(n));
    ASSERT_TRUE(sample) << n;
    ASSERT_EQ(sample->sequences[0]->tokens.size(), 52 + n % 300) << n;
    ASSERT_TRUE(store.outcome_row(nth(n))) << n;
  }
}

// The child of the kill tests: appends samples and says so on a pipe after each acknowledgement.
TEST(StoreChild, DISABLED_WritesUntilKilled) {
  auto store = Store::open(std::getenv("RECKON_TEST_STORE"), "run");
  int pipe = static_cast<int>(parse_int(std::getenv("RECKON_TEST_PIPE")).value());
  for (uint64_t n = rows_of(*store);; ++n) {
    write_nth(*store, n);
    if (::write(pipe, &n, sizeof n) != sizeof n) break;
  }
}

// Runs the child until it has acknowledged `kill_after` samples or dies by its own kill point.
// Returns how many samples the store acknowledged in all so far.
uint64_t run_child(const Path& folder, uint64_t kill_after, const std::string& kill_point,
                   uint64_t acknowledged) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  int inherited = ::dup(ends[1]);
  std::vector<std::string> variables = {cat("RECKON_TEST_STORE=", folder.string()),
                                        cat("RECKON_TEST_PIPE=", inherited)};
  if (!kill_point.empty()) variables.push_back(cat("RECKON_KILL_POINT=", kill_point));
  pid_t child = spawn_child("StoreChild.*", variables);
  ::close(ends[1]);
  ::close(inherited);
  uint64_t n = 0, heard = 0;
  while (::read(ends[0], &n, sizeof n) == sizeof n) {
    acknowledged = n + 1;
    if (++heard == kill_after)
      ::kill(child, SIGKILL);  // what it still says before it dies counts as well
  }
  ::close(ends[0]);
  expect_killed(child);
  return acknowledged;
}

TEST(StoreFault, KilledAtAnyMomentNothingAcknowledgedIsLost) {
  MemoryFolder folder;
  RandomStream random(random_key(1, Domain::test, {1}));
  uint64_t acknowledged = 0;
  for (int cycle = 0; cycle < 6; ++cycle) {
    acknowledged = run_child(folder.path(), 1 + random.below(40), "", acknowledged);
    auto store = Store::open(folder.path(), "run");
    EXPECT_GE(rows_of(*store), acknowledged);
    EXPECT_LE(rows_of(*store), acknowledged + 1) << "one write may be durable and not acknowledged";
    expect_whole(*store, acknowledged);
  }
}

TEST(StoreFault, KilledAtItsKillPoints) {
  MemoryFolder folder;
  // The first write is the meta row.
  uint64_t acknowledged = run_child(folder.path(), 0, "store.before_write:1", 0);
  EXPECT_EQ(acknowledged, 0u);
  acknowledged = run_child(folder.path(), 0, "store.before_write:4", acknowledged);
  EXPECT_EQ(acknowledged, 2u);
  acknowledged = run_child(folder.path(), 0, "store.after_write:3", acknowledged);
  EXPECT_EQ(acknowledged, 4u);
  auto store = Store::open(folder.path(), "run");
  EXPECT_EQ(rows_of(*store), 5u) << "the last one is durable, not acknowledged";
  EXPECT_EQ(write_sample(*store, sample_record(nth(4), 54)), CommitStatus::duplicate);
}

class DamagedStore : public testing::Test {
 protected:
  static constexpr uint64_t kSamples = 60;
  void SetUp() override {
    auto store = Store::open(original(), "run");
    for (uint64_t n = 0; n < kSamples; ++n) write_nth(*store, n);
    write_step(*store, step_record(1, {nth(0), nth(1)}));
  }
  // Opening twice moves everything from the log into tables and blob files.
  void settle() {
    Store::open(original(), "run").reset();
    Store::open(original(), "run").reset();
  }
  Path original() const { return folder_.path() / "store"; }
  Path database() const { return copy() / "db"; }
  Path copy() const { return folder_.path() / "copy"; }
  void fresh_copy() {
    std::filesystem::remove_all(copy());
    std::filesystem::copy(original(), copy(), std::filesystem::copy_options::recursive);
  }
  // True: it opened and everything is there, or what is damaged says so when it is read. False: it
  // was refused.
  bool opens_whole() {
    std::unique_ptr<Store> store;
    auto code = code_of([&] { store = Store::open(copy(), "run"); });
    if (code) {
      EXPECT_EQ(*code, Code::store_corrupt);
      return false;
    }
    EXPECT_EQ(rows_of(*store), kSamples);
    code = code_of([&] { expect_whole(*store, kSamples); });
    EXPECT_EQ(code.value_or(Code::store_corrupt), Code::store_corrupt);
    return true;
  }
  Path log() { return files_ending(database(), ".log").back(); }

  MemoryFolder folder_;
};

TEST_F(DamagedStore, BitFlipInTheLogIsNeverSilent) {
  RandomStream random(random_key(1, Domain::test, {2}));
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    fresh_copy();
    flip_bit(log(), random.below(std::filesystem::file_size(log())));
    refused += !opens_whole();
  }
  EXPECT_GT(refused, 25);
}

TEST_F(DamagedStore, CutOffAcknowledgedTailIsRefused) {
  for (uint64_t cut : {1, 100, 1000, 20000}) {
    fresh_copy();
    std::filesystem::resize_file(log(), std::filesystem::file_size(log()) - cut);
    EXPECT_FALSE(opens_whole()) << cut;
  }
}

TEST_F(DamagedStore, TornTailThatWasNotAcknowledgedIsTolerated) {
  auto before = read_file(original() / "acknowledged");
  {
    auto store = Store::open(original(), "run");
    before = read_file(original() / "acknowledged");
    write_nth(*store, kSamples);
  }
  fresh_copy();
  write_file(copy() / "acknowledged", before);  // killed before this write was acknowledged
  std::filesystem::resize_file(log(), std::filesystem::file_size(log()) - 10);
  EXPECT_TRUE(opens_whole());
}

TEST_F(DamagedStore, BitFlipInTablesAndBlobsIsNeverSilent) {
  settle();
  RandomStream random(random_key(1, Domain::test, {3}));
  fresh_copy();
  int damaged = 0;
  for (const char* ending : {".sst", ".blob"}) {
    for (const Path& file : files_ending(database(), ending)) {
      fresh_copy();
      flip_bit(file, random.below(std::filesystem::file_size(file)));
      opens_whole();
      ++damaged;
    }
  }
  EXPECT_GE(damaged, 4);
}

TEST_F(DamagedStore, MissingFileIsRefused) {
  settle();
  fresh_copy();
  std::vector<Path> files = files_ending(database(), ".sst");
  for (const Path& file : files_ending(database(), ".blob")) files.push_back(file);
  files.push_back(database() / "CURRENT");
  for (const auto& entry : std::filesystem::directory_iterator(database())) {
    if (entry.path().filename().string().starts_with("MANIFEST")) files.push_back(entry.path());
  }
  files.push_back(copy() / "acknowledged");
  files.push_back(database());
  ASSERT_GE(files.size(), 6u);
  for (const Path& file : files) {
    fresh_copy();
    std::filesystem::remove_all(file);
    EXPECT_FALSE(opens_whole()) << file;
  }
}

TEST_F(DamagedStore, DamagedAcknowledgementsAreRefused) {
  fresh_copy();
  flip_bit(copy() / "acknowledged", 3);
  EXPECT_FALSE(opens_whole());
}

class FaultyStore : public testing::Test {
 protected:
  std::unique_ptr<Store> open() { return Store::open(folder_.path(), "run", env_.get()); }
  MemoryFolder folder_;
  std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
};

TEST_F(FaultyStore, FullDiskIsAnErrorThatPasses) {
  auto store = open();
  for (uint64_t n = 0; n < 10; ++n) write_nth(*store, n);
  disk_->full = true;
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      write_nth(*store, 10);
      FAIL() << "a full disk took a write";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::io);
      EXPECT_NE(error.remedy().find("free some disk space"), std::string::npos) << error.what();
    }
  }
  expect_whole(*store, 10);
  EXPECT_EQ(rows_of(*store), 10u);
  disk_->full = false;
  for (uint64_t n = 10; n < 20; ++n) write_nth(*store, n);
  store.reset();
  expect_whole(*open(), 20);
}

TEST_F(FaultyStore, FailedSyncIsFinalForThisStore) {
  auto store = open();
  for (uint64_t n = 0; n < 10; ++n) write_nth(*store, n);
  disk_->sync_fails = true;
  EXPECT_EQ(code_of([&] { write_nth(*store, 10); }), Code::io);
  disk_->sync_fails = false;
  EXPECT_EQ(code_of([&] { write_nth(*store, 11); }), Code::io)
      << "after a failed sync nothing is believed";
  store.reset();
  disk_->crash();
  store = open();
  expect_whole(*store, 10);
  EXPECT_EQ(rows_of(*store), 10u);
}

TEST_F(FaultyStore, MachineCrashLosesNothingAcknowledged) {
  RandomStream random(random_key(1, Domain::test, {4}));
  uint64_t acknowledged = 0;
  for (int cycle = 0; cycle < 8; ++cycle) {
    auto store = open();
    for (uint64_t writes = random.below(30); writes > 0; --writes)
      write_nth(*store, acknowledged++);
    store.reset();
    disk_->crash();
    store = open();
    EXPECT_EQ(rows_of(*store), acknowledged);
    expect_whole(*store, acknowledged);
  }
  EXPECT_GT(acknowledged, 50u);
}

}  // namespace
}  // namespace reckon
