// The verbs of `reckon` as their users meet them: real processes over one tiny run.
#include "tests/process/verbs.h"

namespace reckon {
namespace {

TEST_F(Verbs, TrainPrintsProgressOnStandardErrorOnly) {
  EXPECT_EQ(trained_.out, "");
  EXPECT_THAT(trained_.err, HasSubstr("first completion:"));
  EXPECT_THAT(trained_.err, HasSubstr("./reckon show " + run_));
}

TEST_F(Verbs, TheSameCommandSaysThatAFinishedRunIsComplete) {
  Outcome again = reckon({"train", case_file(), "run.dir=" + run_, "phase.sft.steps=150",
                          "phase.rl.steps=4", "run.eval.every=0", "run.checkpoint.every=100"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("resuming " + run_ + " at step 154"));
}

TEST_F(Verbs, ModelsAreRunsCheckpointsAndExportedFolders) {
  std::string exported = path("exported"), text = greedy(run_);
  EXPECT_EQ(greedy(run_ + "/checkpoints/step_154"), text);
  Outcome outcome = reckon({"export", run_, exported});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(greedy(exported), text);
  EXPECT_EQ(content(exported + "/model.safetensors"),
            content(run_ + "/checkpoints/step_154/model.safetensors"));
  EXPECT_EQ(reckon({"export", run_, exported}).code, 2) << "an export overwrites nothing";
}

TEST_F(Verbs, AnExportInBf16IsReadBackAsBf16) {
  std::string half = path("half"), again = path("again");
  ASSERT_EQ(reckon({"export", run_, half, "--dtype", "bf16"}).code, 0);
  ASSERT_EQ(reckon({"export", half, again}).code, 0);
  EXPECT_EQ(content(half + "/model.safetensors"), content(again + "/model.safetensors"));
  EXPECT_EQ(greedy(half), greedy(again));
  EXPECT_LT(fs::file_size(half + "/model.safetensors"),
            fs::file_size(run_ + "/checkpoints/step_154/model.safetensors"));
}

TEST_F(Verbs, EvalCountsWhatItSampled) {
  std::string samples = path("samples.jsonl");
  Outcome outcome = reckon({"eval", run_, kData, "--problems", "40", "-k", "3", "--max-new-tokens",
                            "12", "--out", samples, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json said = json::parse(outcome.out);
  double correct = 0;
  std::map<int, bool> solved;
  auto lines = json_lines(content(samples));
  for (const json& line : lines) {
    correct += line["correct"].get<bool>();
    bool& any = solved[line["row"]];
    any = any || line["correct"].get<bool>();
  }
  double problems = 0;
  for (const auto& [row, any] : solved) problems += any;
  EXPECT_EQ(lines.size(), 120u);
  EXPECT_GT(correct, 0);
  EXPECT_EQ(said["correct"], correct);
  EXPECT_DOUBLE_EQ(said["accuracy"], correct / 120);
  EXPECT_DOUBLE_EQ(said["any_correct"], problems / 40);
  EXPECT_DOUBLE_EQ(said["reward_mean"], correct / 120);
  EXPECT_EQ(said["outcomes"]["scored"], 120);
  EXPECT_LT(said["interval95"][0], said["accuracy"]);
  EXPECT_GT(said["interval95"][1], said["accuracy"]);
}

TEST_F(Verbs, EvalReadsAFileToItsEnd) {
  std::string text = greedy(run_), answer = text.substr(0, text.find('\n'));
  std::ofstream(path("rows.jsonl"))
      << json{{"question", "3+4="}, {"gold", answer}}.dump() << "\n"
      << json{{"question", "3+4="}, {"gold", answer + "0"}}.dump() << "\n";
  Outcome outcome = reckon({"eval", run_, path("rows.jsonl"), "--prompt-column", "question",
                            "--reward", "exact?gold=gold", "--temperature", "0", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json said = json::parse(outcome.out);
  EXPECT_EQ(said["problems"], 2);
  EXPECT_EQ(said["accuracy"], 0.5);
  EXPECT_THAT(reckon({"eval", run_, kData, "--problems", "4"}).out, StartsWith("pass@1 "));
}

TEST_F(Verbs, ShowPrintsAGroupOfTheNewestStep) {
  Outcome outcome = reckon({"show", run_});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("group 2/"));
  EXPECT_THAT(outcome.out, HasSubstr("phase rl,"));
  EXPECT_THAT(outcome.out, HasSubstr("trained on in step 154"));
  EXPECT_THAT(outcome.out, HasSubstr("\nsample 3: reward "));
  EXPECT_THAT(outcome.out, Not(HasSubstr("position")));
}

TEST_F(Verbs, ShowOfAStepGivesEverySampleItTrainedOn) {
  auto samples = json_lines(reckon({"show", run_, "--step", "152", "--json"}).out);
  ASSERT_EQ(samples.size(), 16u);
  for (const json& sample : samples) {
    EXPECT_EQ(sample["step"], 152);
    EXPECT_EQ(sample["phase"], "rl");
    EXPECT_EQ(sample["tokens"].size(), sample["completion_tokens"]);
    EXPECT_EQ(sample["logprobs"].size(), sample["completion_tokens"]);
    EXPECT_EQ(sample["outcome"]["status"], "scored");
    EXPECT_EQ(sample["outcome"]["parts"]["length"]["value"], sample["outcome"]["value"]);
  }
}

TEST_F(Verbs, ShowOfOneSampleHasTheLogProbOfEveryToken) {
  json sample = json_lines(reckon({"show", run_, "--step", "152", "--json"}).out).at(5);
  Outcome outcome = reckon({"show", run_, sample["key"].get<std::string>()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("position    log-prob  token"));
  for (double logprob : sample["logprobs"]) {
    char shown[32];
    std::snprintf(shown, sizeof shown, "  %10.5f  ", logprob);
    EXPECT_THAT(outcome.out, HasSubstr(shown));
  }
}

TEST_F(Verbs, ConfigShowPrintsARunFileThatMeansTheSame) {
  Outcome shown = reckon({"config", "show", case_file(), "phase.rl.optimizer.lr=0.25"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("optimizer.lr = 0.25  # command line"));
  EXPECT_THAT(shown.out, HasSubstr("kill.toml:"));
  std::ofstream(path("kill.toml")) << shown.out;
  EXPECT_EQ(reckon({"config", "check", path("kill.toml")}).code, 0);
  auto values = [](const std::string& text) {
    std::string kept;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      kept += line.substr(0, line.find("  #")) + "\n";
    return kept;
  };
  EXPECT_EQ(values(reckon({"config", "show", path("kill.toml")}).out), values(shown.out));
}

TEST_F(Verbs, ConfigReferenceIsThePageInDocs) {
  std::string page = content(std::string(RECKON_SOURCE_DIR) + "/docs/run_file.md");
  Outcome outcome = reckon({"config", "reference"});
  EXPECT_GT(outcome.out.size(), 1000u);
  EXPECT_NE(page.find(outcome.out), std::string::npos) << "put its output into the page";
}

TEST_F(Verbs, DoctorAndVersionNameTheSameNumerics) {
  Outcome doctor = reckon({"doctor", "--json"}), version = reckon({"version", "--json"});
  json checks = json::parse(doctor.out), numerics = json::parse(version.out)["numerics"];
  EXPECT_EQ(doctor.code, checks["good"].get<bool>() ? 0 : 69);
  EXPECT_EQ(reckon({"doctor"}).code, doctor.code);
  bool found = false;
  for (const json& check : checks["checks"]) {
    if (check["name"] == "numerics")
      found = check["value"].get<std::string>().find(numerics["digest"]) != std::string::npos;
    if (check["name"] == "reckon-train" || check["name"] == "kernels agree") {
      EXPECT_TRUE(check["good"].get<bool>()) << check;
    }
  }
  EXPECT_TRUE(found) << doctor.out;
  EXPECT_THAT(reckon({"--version"}).out, StartsWith("reckon "));
}

TEST_F(Verbs, EveryVerbExplainsItself) {
  for (const char* verb : {"train", "plan", "sample", "eval", "export", "show", "config", "doctor",
                           "bench", "version"}) {
    Outcome outcome = reckon({verb, "--help"});
    EXPECT_EQ(outcome.code, 0) << verb;
    EXPECT_THAT(outcome.out, HasSubstr(std::string("Usage: reckon ") + verb)) << verb;
    EXPECT_THAT(reckon({"--help"}).out, HasSubstr(std::string("\n  ") + verb)) << verb;
  }
}

TEST_F(Verbs, ADamagedCheckpointIsNotUsed) {
  std::string copy = path("copy");
  fs::copy(run_ + "/checkpoints/step_154", copy, fs::copy_options::recursive);
  std::ofstream(copy + "/model.safetensors", std::ios::app) << "x";
  Outcome outcome = reckon({"sample", copy, "3+4="});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("model.safetensors"));
  EXPECT_EQ(outcome.out, "");
}

struct BadUse {
  std::vector<std::string> words;  // RUN, ROWS: filled in
  int code;
  const char* message;  // part of it
};

TEST_F(Verbs, BadUseEndsWithPlaceRemedyAndCode) {
  std::ofstream(path("rows.jsonl")) << "{\"prompt\": \"1+1=\"}\nno json\n";
  std::string many(200, '1');
  const std::vector<BadUse> uses = {
      {{}, 2, "Usage: reckon [options] VERB"},
      {{"trian"}, 2, "did you mean 'reckon train'?"},
      {{"frobnicate"}, 2, "the verbs: train, plan, sample"},
      {{"config", "shwo", "x.toml"}, 2, "did you mean 'reckon config show'?"},
      {{"sample", "RUN"}, 2, "the prompt is empty"},
      {{"sample", "RUN", "1+1=", "--chat"}, 78, "the model has no chat template"},
      {{"sample", "RUN", "1+1=", "--chat", "--chat-template", "/nowhere"}, 66, "/nowhere"},
      {{"sample", "RUN", "--chat", "-n", "2"}, 2, "a conversation has one answer"},
      {{"sample", "RUN", "1+1=", "--stop", ""}, 2, "a stop string is empty"},
      {{"sample", "RUN", "1+1=", "--template", "{prompt"}, 2, "--template: "},
      {{"eval", "RUN", kData, "--pass-at", "2"}, 2, "sample more of them: -k 2"},
      {{"eval", "RUN", kData, "--column", "answer"}, 2, "write NAME=FROM"},
      {{"eval", "RUN", kData, "--template", "{what}"}, 2, "has no column 'what'"},
      {{"sample", "RUN", "1+1=", "extra"}, 2, "'extra' is one argument too many"},
      {{"sample", "RUN", "1+1=", "--temprature", "0"}, 2, "did you mean '--temperature'?"},
      {{"sample", "RUN", "1+1=", "--max-new-tokens", "0"}, 2, "'0' is not a whole number"},
      {{"sample", "RUN", "1+1=", "--temperature", "nan"}, 2, "'nan' is not a number from 0"},
      {{"sample", "RUN", many}, 2, "the prompt has 200 tokens"},
      {{"sample", "RUN", ""}, 2, "the prompt is empty"},
      {{"sample", "/nowhere", "1+1="}, 66, "/nowhere: does not exist"},
      {{"eval", "RUN", "builtin:chained_sm"}, 2, "did you mean 'chained_sum'?"},
      {{"eval", "RUN", "builtin:chained_sum?term=2"}, 2, "did you mean 'terms'?"},
      {{"eval", "RUN", "builtin:chained_sum?terms=20&digits=9"}, 65, "row 0: the prompt has"},
      {{"eval", "RUN", kData, "--reward", "nmber"}, 2, "did you mean 'number'?"},
      {{"eval", "RUN", kData, "--reward", "length"}, 2, "judges no answer"},
      {{"eval", "RUN", kData, "--reward", "number?gold=none", "--problems", "2"},
       84,
       "got a score"},
      {{"eval", "RUN", "/nowhere.jsonl"}, 66, "/nowhere.jsonl: does not exist"},
      {{"eval", "RUN", "ROWS"}, 65, "rows.jsonl:2:"},
      {{"show", "RUN", "1/2"}, 2, "is not a key"},
      {{"show", "RUN", "9/9/9"}, 66, "there is no such sample"},
      {{"show", "RUN", "--step", "3"}, 66, "step 3: it trained on no samples"},
      {{"show", "RUN", "--step", "999"}, 66, "its steps are 1 to 154"},
      {{"show", "/nowhere"}, 66, "/nowhere: does not exist"},
      {{"export", "RUN", "RUN"}, 2, "exists and is not empty"},
      {{"export", "RUN", "/proc/nowhere/x"}, 74, "No such file or directory"},
      {{"export", "RUN", "/nowhere", "--dtype", "fp8"}, 2, "none of same, f32, bf16"},
      {{"config", "check", "/nowhere.toml"}, 66, "/nowhere.toml"},
      {{"config", "check", case_file(), "run.sed=1"}, 78, "command line: run.sed=1"},
      {{"train", case_file(), "run.dir=RUN", "run.seed=9"}, 78, "holds a run with other settings"},
      {{"bench", "--config", "/nowhere.toml"}, 66, "/nowhere.toml"},
      {{"plan", "/nowhere.toml"}, 66, "/nowhere.toml"},
  };
  for (const BadUse& use : uses) {
    std::vector<std::string> words = use.words;
    std::string all = "reckon";
    for (std::string& word : words) {
      if (word == "ROWS") word = path("rows.jsonl");
      if (size_t at = word.find("RUN"); at != std::string::npos) word.replace(at, 3, run_);
      all += " " + word;
    }
    Outcome outcome = reckon(words);
    EXPECT_EQ(outcome.code, use.code) << all << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(use.message)) << all;
    EXPECT_EQ(outcome.out, "") << all;
    if (words.empty()) continue;  // the help
    EXPECT_THAT(outcome.err, HasSubstr("\n  -> ")) << all;
  }
}

TEST_F(Verbs, AFullDiskUnderStandardOutputIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  std::vector<std::string> command = {
      "/bin/sh", "-c", std::string(RECKON_BINARY_DIR) + "/reckon version > /dev/full"};
  EXPECT_EQ(Child(command, path("log")).wait(), 74);
}

}  // namespace
}  // namespace reckon
