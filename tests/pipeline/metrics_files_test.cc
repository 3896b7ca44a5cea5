#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "pipeline/metrics.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

std::string event_file(const Path& folder) {
  std::string bytes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("events.out.tfevents."))
      bytes += read_file(entry.path());
  }
  return bytes;
}

// Cuts an event file into its events, checking both sums of each record.
std::vector<std::string> events_of(const std::string& bytes) {
  std::vector<std::string> events;
  auto number = [&](size_t at, auto value) {
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  for (size_t at = 0; at < bytes.size();) {
    auto length = number(at, uint64_t{});
    EXPECT_EQ(number(at + 8, uint32_t{}), masked_crc32c(bytes.substr(at, 8)));
    events.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(number(at + 12 + length, uint32_t{}), masked_crc32c(events.back()));
    at += 16 + length;
  }
  return events;
}

TEST(MetricsLine, WritesWholeNumbersPlainlyAndNonFiniteOnesAsNull) {
  EXPECT_EQ(metrics_line(12, {{"reward/mean", 0.5},
                              {"tokens/trained", 1048576.0},
                              {"kl", std::nan("")},
                              {"grad_norm", std::numeric_limits<double>::infinity()},
                              {"phase", "a \"b\""}}),
            "{\"step\":12,\"grad_norm\":null,\"kl\":null,\"phase\":\"a "
            "\\\"b\\\"\",\"reward/mean\":0.5,\"tokens/trained\":1048576}");
}

TEST(KeptMetrics, CutsLaterStepsAndWhatAKilledProcessLeft) {
  EXPECT_EQ(
      kept_metrics(
          "{\"step\":1,\"a\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":2,\"eval\":1}\n{\"ste", 2),
      "{\"step\":1,\"a\":1}\n{\"step\":2}\n{\"step\":2,\"eval\":1}\n");
  EXPECT_EQ(kept_metrics("nonsense\n{\"step\":1}\n[1]\n{\"step\":-1}\n", 5), "{\"step\":1}\n");
  EXPECT_EQ(kept_metrics("{\"step\":1}", 5), "");
}

TEST(MetricsWriter, AResumedRunGoesOnBehindItsStep) {
  WorkingFolder folder;
  {
    MetricsWriter writer("run", std::nullopt);
    for (int step = 1; step <= 4; ++step)
      writer.write(static_cast<uint64_t>(step), {{"loss", 1.0 / step}});
  }
  {
    MetricsWriter writer("run", 2);
    EXPECT_EQ(read_file("run/metrics.jsonl"),
              "{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":0.5}\n");
    writer.write(3, {{"loss", 7.0}});
  }
  EXPECT_EQ(read_file("run/metrics.jsonl"),
            "{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":0.5}\n{\"step\":3,\"loss\":7}\n");
}

TEST(MetricsWriter, ANewRunStartsWithNothing) {
  WorkingFolder folder;
  MetricsWriter("run", std::nullopt).write(1, {{"loss", 1.0}});
  MetricsWriter writer("run", std::nullopt);
  EXPECT_EQ(read_file("run/metrics.jsonl"), "");
}

TEST(MetricsWriter, ALineIsThereAsSoonAsItIsWritten) {
  WorkingFolder folder;
  MetricsWriter writer("run", std::nullopt);
  writer.write(1, {{"loss", 1.0}});
  EXPECT_EQ(read_file("run/metrics.jsonl"), "{\"step\":1,\"loss\":1}\n");
  EXPECT_EQ(events_of(event_file("run")).size(), 2u);
}

TEST(EventFile, SumsMatchPublishedVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(masked_crc32c("\x1a\x11"
                          "CRC test, one two"),
            0x5794D08Au);
}

TEST(EventFile, ScalarsAreEncodedFieldByField) {
  std::string event = scalar_event(1.0, 300, {{"a", 0.5f}});
  std::string expected = std::string("\x09") + std::string("\0\0\0\0\0\0\xF0\x3F", 8) +
                         "\x10\xAC\x02" + "\x2A\x0A" + "\x0A\x08" + "\x0A\x01" + "a" + "\x15" +
                         std::string("\0\0\0\x3F", 4);
  EXPECT_EQ(event, expected);
}

TEST(EventFile, OpensWithItsVersionAndMarksARestart) {
  WorkingFolder folder;
  MetricsWriter("first", std::nullopt).write(1, {{"loss", 1.0}, {"phase", "rl"}});
  auto events = events_of(event_file("first"));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_THAT(events[0], HasSubstr("brain.Event:2"));
  EXPECT_THAT(events[1], HasSubstr("loss"));
  EXPECT_EQ(events[1].find("phase"), std::string::npos);
  MetricsWriter("second", 41);
  events = events_of(event_file("second"));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].substr(9),
            "\x10\x2A\x3A\x02\x08\x01");  // step 42, session_log { status: START }
}

}  // namespace
}  // namespace reckon
