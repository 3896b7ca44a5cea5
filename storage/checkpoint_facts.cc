#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "storage/checkpoint.h"

namespace reckon {
namespace {

using Json = nlohmann::json;

constexpr char kRemedy[] = "the manifest is damaged or of another version; use another checkpoint";

// The manifest lists a checksum of every file but none of itself.
std::string checksum(const Json& facts) { return digest_of(facts.dump()).text(); }

template <class T>
T field(const Json& json, const char* name) {
  auto it = json.find(name);
  if (it == json.end())
    throw Error(Code::data, "manifest.json", cat("the fact '", name, "' is missing"), kRemedy);
  try {
    return it->get<T>();
  } catch (const Json::exception&) {
    throw Error(Code::data, "manifest.json", cat("the fact '", name, "' has a wrong type"),
                kRemedy);
  }
}

}  // namespace

std::string CheckpointFacts::to_json() const {
  Json json = {{"step", step.value},
               {"phase", phase},
               {"phase_step", phase_step},
               {"next_draw", next.value},
               {"weights_version", weights.version.value},
               {"weights_digest", weights.digest.text()},
               {"run_id", run_id},
               {"numerics", numerics},
               {"model_id", model_id}};
  if (accuracy) json["accuracy"] = *accuracy;
  json["checksum"] = checksum(json);
  return json.dump();
}

CheckpointFacts CheckpointFacts::from_json(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    throw Error(Code::data, "manifest.json", "its facts are not a JSON object", kRemedy);
  CheckpointFacts facts;
  facts.step = Step{field<uint64_t>(json, "step")};
  facts.phase = field<uint32_t>(json, "phase");
  facts.phase_step = field<uint64_t>(json, "phase_step");
  facts.next = Draw{field<uint64_t>(json, "next_draw")};
  facts.weights.version = Version{field<uint64_t>(json, "weights_version")};
  facts.weights.digest = Digest::parse(field<std::string>(json, "weights_digest"));
  facts.run_id = field<std::string>(json, "run_id");
  facts.numerics = field<std::string>(json, "numerics");
  facts.model_id = field<std::string>(json, "model_id");
  if (json.contains("accuracy")) facts.accuracy = field<double>(json, "accuracy");
  std::string expected = field<std::string>(json, "checksum");
  json.erase("checksum");
  if (checksum(json) != expected) {
    throw Error(Code::data, "manifest.json", "its facts do not match their checksum", kRemedy);
  }
  return facts;
}

}  // namespace reckon
