// docs/numerics.md prints values of the keyed random function; these tests read them from there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"

namespace reckon {
namespace {

using Cells = std::vector<std::string>;

std::string trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

// The rows of the table whose header line is `header`.
std::vector<Cells> table(const std::string& header) {
  std::vector<std::string> lines = split(read_file(RECKON_SOURCE_DIR "/docs/numerics.md"), '\n');
  size_t line = 0;
  while (line < lines.size() && lines[line] != header) ++line;
  std::vector<Cells> rows;
  for (line += 2; line < lines.size() && lines[line].starts_with('|'); ++line) {  // below the ruler
    Cells cells = split(lines[line].substr(1, lines[line].size() - 2), '|');
    for (std::string& cell : cells) cell = trimmed(cell);
    rows.push_back(cells);
  }
  return rows;
}

uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 0); }

RandomKey key_of(const std::string& seed, const std::string& domain, const std::string& words) {
  uint64_t state =
      mix64(number(seed) ^ mix64(number(domain)));  // random_key() over a list known at run time
  for (const std::string& word : split(words, ' ')) state = mix64(state ^ mix64(number(word)));
  return {static_cast<uint32_t>(state), static_cast<uint32_t>(state >> 32)};
}

TEST(RandomVector, KeysAreThoseOfTheDocument) {
  std::vector<Cells> rows = table("| seed | domain | words | low | high |");
  ASSERT_GE(rows.size(), 5u);
  for (const Cells& row : rows) {
    ASSERT_EQ(row.size(), 5u);
    RandomKey key = key_of(row[0], row[1], row[2]);
    EXPECT_EQ(key.low, number(row[3])) << row[2];
    EXPECT_EQ(key.high, number(row[4])) << row[2];
  }
  RandomKey first = random_key(1, Domain::sampling, {0, 0, 0, 0});
  EXPECT_EQ(rows[0][2], "0 0 0 0");
  EXPECT_EQ(first.low, number(rows[0][3]));
  EXPECT_EQ(first.high, number(rows[0][4]));
  RandomKey third = random_key(1, Domain::sampling, {2, 7, 3, 41});
  EXPECT_EQ(rows[2][2], "2 7 3 41");
  EXPECT_EQ(third.low, number(rows[2][3]));
  EXPECT_EQ(third.high, number(rows[2][4]));
}

TEST(RandomVector, BitsAndUniformsAreThoseOfTheDocument) {
  std::vector<Cells> rows = table("| words | token | random_bits | random_uniform |");
  ASSERT_GE(rows.size(), 6u);
  for (const Cells& row : rows) {
    ASSERT_EQ(row.size(), 4u);
    RandomKey key = key_of("1", "1", row[0]);
    uint32_t token = static_cast<uint32_t>(number(row[1]));
    EXPECT_EQ(random_bits(key, token), number(row[2])) << row[0] << ", token " << token;
    EXPECT_EQ(random_uniform(key, token), std::strtof(row[3].c_str(), nullptr))
        << row[0] << ", token " << token;
  }
}

TEST(RandomVector, PermutationIsThatOfTheDocument) {
  std::vector<Cells> rows = table("| position | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |");
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].size(), 11u);
  for (uint64_t position = 0; position < 10; ++position) {
    EXPECT_EQ(permute(position, 10, random_key(1, Domain::permutation, {0, 0})),
              number(rows[0][position + 1]));
  }
}

}  // namespace
}  // namespace reckon
