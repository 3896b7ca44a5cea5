// reckon doctor: what this machine has, what Reckon will use of it, and what is in the way.
#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "kernels/kernels.h"

namespace reckon {
namespace {

class Report {
 public:
  void line(bool good, const std::string& name, const std::string& value,
            const std::string& remedy = "") {
    std::printf("%-4s %-22s %s\n", good ? "ok" : "BAD", name.c_str(), value.c_str());
    if (!good && !remedy.empty()) std::printf("     %-22s -> %s\n", "", remedy.c_str());
    bad_ += !good;
  }
  int bad() const { return bad_; }

 private:
  int bad_ = 0;
};

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string text; std::getline(in, text);) {
    if (text.rfind("model name", 0) == 0) return text.substr(text.find(':') + 2);
  }
  return "unknown";
}

std::string gib(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", bytes / (1 << 30));
  return text;
}

double free_disk(const Path& path) {
  struct statvfs status;
  if (statvfs(path.c_str(), &status) != 0) return 0;
  return static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
}

// Two OpenMP runtimes in one process oversubscribe or hang.
std::set<std::string> openmp_runtimes() {
  std::set<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string text; std::getline(maps, text);) {
    for (const char* name : {"libgomp", "libomp.", "libiomp"}) {
      size_t at = text.find('/');
      if (text.find(name) != std::string::npos && at != std::string::npos)
        found.insert(text.substr(at));
    }
  }
  return found;
}

int examine() {
  Report report;
  struct sysinfo info;
  sysinfo(&info);
  double memory = static_cast<double>(info.totalram) * info.mem_unit;
  double free_memory = static_cast<double>(info.freeram + info.bufferram) * info.mem_unit;
  report.line(true, "processor", cat(cpu_model(), ", ", usable_cores(), " cores usable"));
  report.line(isa_available(Isa::avx2), "vector unit", cpu_kernels(detect_isa()).isa,
              "without AVX2 and FMA the kernels run as scalar code, about 20 times slower");
  report.line(memory > 2e9, "memory", cat(gib(memory), ", ", gib(free_memory), " free"),
              "2 GiB are the least");
  double disk = free_disk(".");
  report.line(disk > 5e9, "disk here", cat(gib(disk), " free"),
              "runs keep checkpoints and trajectories: free some space");
  NumericsId numerics = numerics_id(cpu_kernels(detect_isa()));
  report.line(
      true, "numerics",
      cat("contract ", numerics.contract, ", ", numerics.profile, ", ", numerics.digest.text()));
  bool equal = true;
  for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    if (isa_available(isa)) equal &= numerics_id(cpu_kernels(isa)) == numerics;
  }
  report.line(equal, "kernels agree",
              equal ? "every vector unit of this machine gives the same bits" : "bits differ",
              "please report this processor");
  std::error_code error;
  Path trainer =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "reckon-train";
  report.line(std::filesystem::exists(trainer), "reckon-train", trainer.string(),
              "build it: ./reckon train --help");
  auto runtimes = openmp_runtimes();
  report.line(runtimes.size() <= 1, "OpenMP runtimes", cat(runtimes.size(), " loaded"),
              join({runtimes.begin(), runtimes.end()}, ", "));
  return report.bad() == 0 ? 0 : 69;
}

}  // namespace

void add_doctor(Verb verb) {
  CLI::App* app = verb.app.add_subcommand("doctor", "check this machine")->group("Inspect");
  int* exit_code = &verb.exit_code;
  app->callback([exit_code] { *exit_code = examine(); });
}

}  // namespace reckon
