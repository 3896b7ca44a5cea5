// reckon plan FILE [a.b=c ...]: what a run will need, part by part, beside what the machine has.
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/verbs.h"
#include "learner/learner_state.h"
#include "learner/needs.h"
#include "pipeline/config.h"

namespace reckon {
namespace {

struct Plan {
  RunConfig config;
  ModelSpec spec;
  Machine machine;
  Needs needs;
};

Plan plan_of(const std::string& file, const std::vector<std::string>& overrides) {
  Plan plan{.config = load_config(file, overrides), .spec = {}, .machine = {}, .needs = {}};
  const Path folder = plan.config.run.dir;
  plan.spec = LearnerState::spec_of(plan.config);
  plan.machine = machine_at(folder);
  plan.needs =
      estimate_needs(plan.config, plan.spec,
                     {.checkpointing = wants_checkpointing(plan.config, plan.spec, plan.machine),
                      .resumed = std::filesystem::exists(folder / "store")});
  return plan;
}

void print_parts(const std::vector<NeededPart>& parts, bool with_time) {
  for (const NeededPart& part : parts) {
    std::printf("  %-14s %10s  %-9s %s\n", part.name.c_str(), decimal_size(part.bytes).c_str(),
                with_time ? held_name(part.held) : "", part.note.c_str());
  }
}

void print_text(const Plan& plan) {
  const Needs& needs = plan.needs;
  const Machine& machine = plan.machine;
  std::printf("model           %s, %" PRId64 " parameters, %s\n", plan.spec.family.c_str(),
              needs.parameters, dtype_name(plan.config.numerics.storage));
  if (needs.tokens_per_step > 0)
    std::printf("step            at most %" PRIu64 " tokens sampled\n", needs.tokens_per_step);
  std::printf("pack            %" PRIu64 " rows, activation checkpointing %s\n", needs.pack_rows,
              needs.checkpointing ? "on" : "off");
  std::printf("\nmemory                        held\n");
  print_parts(needs.memory, true);
  std::printf("  %-14s %10s  of %s, %s free%s\n", "at most",
              decimal_size(needs.memory_peak()).c_str(), decimal_size(machine.memory_total).c_str(),
              decimal_size(machine.memory_free).c_str(),
              needs.turns ? "; sampling and learning take turns" : "");
  std::printf("\ndisk            %s\n", plan.config.run.dir.c_str());
  print_parts(needs.disk, false);
  std::printf("  %-14s %10s  of %s free\n", "at most", decimal_size(needs.disk_total()).c_str(),
              decimal_size(machine.disk_free).c_str());
  if (fits(needs, machine)) {
    const bool busy = machine.memory_free > 0 && needs.memory_peak() > machine.memory_free;
    std::printf("\nit fits%s\n", busy ? ", once other programs give memory back" : "");
    return;
  }
  std::printf("\nit does not fit; any of these helps:\n");
  for (const std::string& remedy : remedies(plan.config, plan.spec, needs, machine))
    std::printf("  %s\n", remedy.c_str());
}

nlohmann::ordered_json json_of(const std::vector<NeededPart>& parts, bool with_time) {
  auto list = nlohmann::ordered_json::array();
  for (const NeededPart& part : parts) {
    nlohmann::ordered_json entry = {{"name", part.name}, {"bytes", part.bytes}};
    if (with_time) entry["held"] = held_name(part.held);
    entry["note"] = part.note;
    list.push_back(std::move(entry));
  }
  return list;
}

void print_json(const Plan& plan) {
  const Needs& needs = plan.needs;
  const nlohmann::ordered_json json = {
      {"family", plan.spec.family},
      {"parameters", needs.parameters},
      {"storage", dtype_name(plan.config.numerics.storage)},
      {"tokens_per_step", needs.tokens_per_step},
      {"pack_rows", needs.pack_rows},
      {"activation_checkpointing", needs.checkpointing},
      {"memory",
       {{"parts", json_of(needs.memory, true)},
        {"bytes", needs.memory_peak()},
        {"machine_bytes", plan.machine.memory_total},
        {"free_bytes", plan.machine.memory_free}}},
      {"disk",
       {{"folder", plan.config.run.dir},
        {"parts", json_of(needs.disk, false)},
        {"bytes", needs.disk_total()},
        {"free_bytes", plan.machine.disk_free}}},
      {"fits", fits(needs, plan.machine)},
      {"remedies", remedies(plan.config, plan.spec, needs, plan.machine)}};
  std::printf("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

void add_plan(Verb verb) {
  struct Options {
    std::string file;
    std::vector<std::string> overrides;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand(
      "plan", "What a run will need of memory and disk, part by part, and whether it fits.");
  app->add_option("FILE", options->file, "run file (docs/run_file.md)")->type_name("")->required();
  app->add_option("OVERRIDES", options->overrides, "values in place of the file's: a.b=c")
      ->type_name("")
      ->default_str("");
  app->add_flag("--json", options->json, "one JSON object, sizes in bytes");
  app->footer(
      "The exit code is 69 when it does not fit. Example:\n"
      "  reckon plan configs/gsm8k.toml model.path=DIR numerics.storage=f32");
  int* exit_code = &verb.exit_code;
  app->callback([options, exit_code] {
    const Plan plan = plan_of(options->file, options->overrides);
    options->json ? print_json(plan) : print_text(plan);
    if (!fits(plan.needs, plan.machine)) *exit_code = static_cast<int>(Code::unavailable);
  });
}

}  // namespace reckon
