#include "model/json_text.h"

#include <set>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr size_t kMaxDepth = 64;

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& place) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the open objects and arrays
  auto watch = [&](int, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start || event == Event::array_start) {
      keys.emplace_back();
      if (keys.size() > kMaxDepth) {
        throw Error(Code::data, place, "is nested too deeply",
                    "the file is damaged or not what its name says");
      }
    } else if (event == Event::object_end || event == Event::array_end) {
      keys.pop_back();
    } else if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw Error(Code::data, place, cat("has '", parsed.get<std::string>(), "' twice"),
                  "the file is damaged");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception& e) {
    throw Error(Code::data, place, cat("is not valid JSON: ", e.what()),
                "the file is damaged or not what its name says");
  }
}

}  // namespace reckon
