// reckon-bench-verify: how fast the math verifier says "different", on gold answers of MATH test
// against their neighbours; beside Math-Verify on the same pairs when a Python that has it is
// named.
//
//   build/bin/reckon-bench-verify ../shared/data/math/test.jsonl
//   build/bin/reckon-bench-verify ../shared/data/math/test.jsonl --peer .venv/bin/python
//
// CPU clocks, so that what else runs on the machine costs little; the figure for two threads is of
// the wall clock and wants two idle cores.
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "rewards/math/extract.h"
#include "rewards/math/verify.h"

namespace reckon {
namespace {

struct Pair {
  std::string gold, prediction;
};

std::string gold_of(const nlohmann::json& row) {
  if (row.contains("answer") && row["answer"].is_string()) return row["answer"];
  if (!row.contains("solution")) return "";
  return math::extract_answer(row["solution"].get<std::string>(), math::Mode::strict).text;
}

std::vector<Pair> neighbour_pairs(const std::string& file) {
  std::vector<std::string> golds;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    golds.push_back(gold_of(nlohmann::json::parse(line)));
  std::vector<Pair> pairs;
  for (size_t i = 0; i + 1 < golds.size(); ++i)
    if (golds[i] != golds[i + 1] && !golds[i].empty() && !golds[i + 1].empty())
      pairs.push_back({golds[i], golds[i + 1]});
  return pairs;
}

double thread_cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Figures {
  double pairs_per_s = 0, p50 = 0, p99 = 0, most = 0;  // seconds
  int equal = 0, different = 0, undecided = 0;
};

// The best of three passes for the rate; the times of single pairs are of that pass.
Figures one_core(const std::vector<Pair>& pairs) {
  Figures best;
  for (int pass = 0; pass < 3; ++pass) {
    Figures now;
    std::vector<double> seconds;
    double all = thread_cpu_seconds();
    for (const Pair& pair : pairs) {
      double start = thread_cpu_seconds();
      auto verdict = math::verify_answer(pair.gold, pair.prediction).verdict;
      seconds.push_back(thread_cpu_seconds() - start);
      now.equal += verdict == math::Verdict::equal;
      now.different += verdict == math::Verdict::different;
      now.undecided += verdict == math::Verdict::undecided;
    }
    now.pairs_per_s = static_cast<double>(pairs.size()) / (thread_cpu_seconds() - all);
    std::sort(seconds.begin(), seconds.end());
    now.p50 = seconds[seconds.size() / 2];
    now.p99 = seconds[seconds.size() * 99 / 100];
    now.most = seconds.back();
    if (now.pairs_per_s > best.pairs_per_s) best = now;
  }
  return best;
}

// Threads that each go through all pairs, four times.
struct ThreadFigures {
  double pairs_per_s = 0;  // of the wall clock, all threads together; wants idle cores
  double cpu_per_pair =
      0;  // seconds; more with two threads than with one: they are in each other's way
};

// The best of three passes, for each figure.
ThreadFigures with_threads(const std::vector<Pair>& pairs, int count) {
  ThreadFigures best{0, 1};
  for (int pass = 0; pass < 3; ++pass) {
    double start = monotonic_seconds();
    std::vector<double> cpu(static_cast<size_t>(count));
    std::vector<std::jthread> threads;
    for (double& seconds : cpu)
      threads.emplace_back([&pairs, &seconds] {
        for (int round = 0; round < 4; ++round)
          for (const Pair& pair : pairs) math::verify_answer(pair.gold, pair.prediction);
        seconds = thread_cpu_seconds();
      });
    threads.clear();  // joins
    double done = 4.0 * count * static_cast<double>(pairs.size());
    best.pairs_per_s = std::max(best.pairs_per_s, done / (monotonic_seconds() - start));
    double all = std::accumulate(cpu.begin(), cpu.end(), 0.0);
    best.cpu_per_pair = std::min(best.cpu_per_pair, all / done);
  }
  return best;
}

// Pairs per CPU second that tests/oracles/math_verify_peer.py prints; 0 when it could not run.
double peer_rate(const std::string& python, const std::vector<Pair>& pairs) {
  char name[] = "/tmp/reckon_pairs_XXXXXX";
  int file = mkstemp(name);
  if (file < 0) return 0;
  FILE* stream = fdopen(file, "w");
  for (const Pair& pair : pairs)
    std::fprintf(
        stream, "%s\n",
        nlohmann::json({{"gold", pair.gold}, {"prediction", pair.prediction}}).dump().c_str());
  std::fclose(stream);
  std::string command =
      cat("'", python, "' '", RECKON_SOURCE_FOLDER, "/tests/oracles/math_verify_peer.py' < ", name);
  double rate = 0;
  if (FILE* peer = popen(command.c_str(), "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, peer)) {
      std::sscanf(line, "pairs_per_s %lf", &rate);
      std::printf("  Math-Verify: %s", line);
    }
    pclose(peer);
  }
  std::remove(name);
  return rate;
}

int run(int count, char** words) {
  std::string file, python;
  for (int i = 1; i < count; ++i) {
    std::string word = words[i];
    if (word == "--peer" && i + 1 < count)
      python = words[++i];
    else
      file = word;
  }
  std::vector<Pair> pairs = file.empty() ? std::vector<Pair>() : neighbour_pairs(file);
  if (pairs.empty()) {
    std::fprintf(stderr, "usage: reckon-bench-verify MATH_TEST.jsonl [--peer PYTHON]\n");
    return 2;
  }
  Figures one = one_core(pairs);
  std::printf("%zu pairs of neighbours that differ (%d equal, %d different, %d undecided)\n",
              pairs.size(), one.equal, one.different, one.undecided);
  std::printf("one core      %10.0f pairs/s   p50 %.1f us   p99 %.1f us   most %.2f ms\n",
              one.pairs_per_s, one.p50 * 1e6, one.p99 * 1e6, one.most * 1e3);
  ThreadFigures single = with_threads(pairs, 1), two = with_threads(pairs, 2);
  std::printf("two threads   %10.0f pairs/s   %.2f x one thread; CPU time per pair %.2f x\n",
              two.pairs_per_s, two.pairs_per_s / single.pairs_per_s,
              two.cpu_per_pair / single.cpu_per_pair);
  if (!python.empty()) {
    double peer = peer_rate(python, pairs);
    if (peer > 0)
      std::printf("Math-Verify   %10.0f pairs/s   Reckon is %.0f x\n", peer,
                  one.pairs_per_s / peer);
  }
  return 0;
}

}  // namespace
}  // namespace reckon

int main(int argc, char** argv) { return reckon::run(argc, argv); }
