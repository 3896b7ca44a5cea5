#include "base/error.h"

#include <utility>

namespace reckon {
namespace {

std::string sentence(const std::string& place, const std::string& problem,
                     const std::string& remedy) {
  std::string text = place.empty() ? problem : place + ": " + problem;
  if (!remedy.empty()) text += " (" + remedy + ")";
  return text;
}

}  // namespace

Error::Error(Code code, std::string place, std::string what, std::string remedy)
    : std::runtime_error(sentence(place, what, remedy)),
      code_(code),
      place_(std::move(place)),
      problem_(std::move(what)),
      remedy_(std::move(remedy)) {}

void check_failed(const char* file, int line, const char* expression, const std::string& message) {
  throw Error(Code::internal, std::string(file) + ":" + std::to_string(line),
              "check failed: " + std::string(expression) + ": " + message,
              "this is a defect of Reckon; please report it");
}

}  // namespace reckon
