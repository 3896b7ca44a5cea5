// A value inside a JSON file, with the path that leads to it, so that every complaint says where.
//
//   JsonNode model = JsonNode(json, "tokenizer.json").at("model");
//   if (auto type = model.find("type")) check(type->text());   // "'model.type' is not a text"
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace reckon {

// Refers to the JSON value, which must outlive it.
class JsonNode {
 public:
  JsonNode(const nlohmann::json& value, std::string place, std::string path = "")
      : value_(value), place_(std::move(place)), path_(std::move(path)) {}

  const nlohmann::json& value() const { return value_; }
  const std::string& place() const { return place_; }
  [[noreturn]] void fail(std::string_view problem, std::string_view remedy) const {
    throw Error(Code::data, place_,
                path_.empty() ? std::string(problem) : cat("'", path_, "' ", problem),
                std::string(remedy));
  }

  // Nothing when the key is absent or null.
  std::optional<JsonNode> find(const std::string& key) const {
    check(value_.is_object(), "an object");
    auto found = value_.find(key);
    if (found == value_.end() || found->is_null()) return std::nullopt;
    return JsonNode(*found, place_, path_.empty() ? key : cat(path_, ".", key));
  }
  JsonNode at(const std::string& key) const {
    auto found = find(key);
    if (!found) fail(cat("has no '", key, "'"), kDamaged);
    return *found;
  }
  std::vector<JsonNode> items() const {
    check(value_.is_array(), "a list");
    std::vector<JsonNode> nodes;
    for (size_t i = 0; i < value_.size(); ++i) {
      nodes.emplace_back(value_[i], place_, cat(path_, "[", i, "]"));
    }
    return nodes;
  }
  const std::string& text() const {
    check(value_.is_string(), "a text");
    return value_.get_ref<const std::string&>();
  }
  bool flag() const {
    check(value_.is_boolean(), "true or false");
    return value_.get<bool>();
  }
  int64_t integer() const {
    check(value_.is_number_integer(), "a whole number");
    return value_.get<int64_t>();
  }
  bool flag(const std::string& key, bool otherwise) const {
    auto found = find(key);
    return found ? found->flag() : otherwise;
  }
  std::string text(const std::string& key, const std::string& otherwise) const {
    auto found = find(key);
    return found ? found->text() : otherwise;
  }

  static constexpr std::string_view kDamaged = "the file is damaged, or not what its name says";

 private:
  void check(bool fits, std::string_view kind) const {
    if (!fits) fail(cat("is not ", kind), kDamaged);
  }

  const nlohmann::json& value_;
  std::string place_, path_;
};

}  // namespace reckon
