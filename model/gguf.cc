#include "model/gguf.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "model/gguf_quants.h"
#include "model/gguf_reader.h"

namespace reckon {
namespace {

constexpr char kAlignment[] = "general.alignment";
constexpr uint64_t kMaxAlignment = 1 << 20;

uint64_t alignment_of(const std::map<std::string, GgufValue>& values, const GgufReader& reader) {
  auto found = values.find(kAlignment);
  if (found == values.end()) return 32;
  const int64_t* value = std::get_if<int64_t>(&found->second);
  if (value == nullptr || *value < 1 || *value > int64_t{kMaxAlignment} ||
      (*value & (*value - 1)) != 0) {
    reader.fail(cat("'", kAlignment, "' is not a power of two up to ", kMaxAlignment));
  }
  return static_cast<uint64_t>(*value);
}

// No two tensors share bytes: aliases would let one weight stand for two parameters.
void check_apart(std::vector<const GgufTensor*> tensors, const GgufReader& reader) {
  std::sort(tensors.begin(), tensors.end(), [](const GgufTensor* a, const GgufTensor* b) {
    return a->bytes.data() < b->bytes.data();
  });
  for (size_t i = 1; i < tensors.size(); ++i) {
    const std::string_view before = tensors[i - 1]->bytes;
    if (before.data() + before.size() > tensors[i]->bytes.data())
      reader.fail(cat("tensor '", tensors[i]->name, "' overlaps another tensor"));
  }
}

}  // namespace

int64_t GgufTensor::elements() const {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

GgufFile::GgufFile(const Path& path) : path_(path), map_(path) {
  GgufReader reader(path, map_.bytes());
  version_ = reader.version();
  const GgufReader::Counts counts = reader.counts();
  for (uint64_t i = 0; i < counts.values; ++i) {
    auto [key, value] = reader.entry();
    if (!values_.emplace(key, std::move(value)).second)
      reader.fail(cat("holds the key '", key, "' twice"));
  }
  std::vector<uint64_t> offsets;
  for (uint64_t i = 0; i < counts.tensors; ++i) {
    tensors_.emplace_back();
    offsets.push_back(reader.tensor(tensors_.back()));
    if (!index_.emplace(tensors_.back().name, i).second)
      reader.fail(cat("holds the tensor '", tensors_.back().name, "' twice"));
  }
  reader.bind(tensors_, offsets, alignment_of(values_, reader));
  std::vector<const GgufTensor*> all;
  for (const GgufTensor& tensor : tensors_) all.push_back(&tensor);
  check_apart(std::move(all), reader);
}

void GgufFile::fail(const std::string& what) const {
  throw Error(Code::data, path_.string(), what,
              "the GGUF file is damaged or belongs to a model that is not supported");
}

const GgufTensor* GgufFile::find(const std::string& name) const {
  auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const GgufTensor& GgufFile::at(const std::string& name) const {
  if (const GgufTensor* tensor = find(name)) return *tensor;
  fail(cat("has no tensor '", name, "'"));
}

template <class T>
const T* GgufFile::value(const std::string& key, const char* kind) const {
  auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) fail(cat("'", key, "' is not ", kind));
  return value;
}

int GgufFile::integer(const std::string& key, std::optional<int> otherwise) const {
  const int64_t* found = value<int64_t>(key, "a whole number");
  if (found == nullptr && otherwise) return *otherwise;
  if (found == nullptr) fail(cat("has no '", key, "'"));
  if (*found < 0 || *found > std::numeric_limits<int>::max()) fail(cat("'", key, "' is ", *found));
  return static_cast<int>(*found);
}

double GgufFile::number(const std::string& key, std::optional<double> otherwise) const {
  const double* found = value<double>(key, "a number");
  if (found == nullptr && otherwise) return *otherwise;
  if (found == nullptr) fail(cat("has no '", key, "'"));
  return *found;
}

bool GgufFile::flag(const std::string& key, std::optional<bool> otherwise) const {
  const bool* found = value<bool>(key, "true or false");
  if (found == nullptr && otherwise) return *otherwise;
  if (found == nullptr) fail(cat("has no '", key, "'"));
  return *found;
}

std::string GgufFile::text(const std::string& key, std::optional<std::string> otherwise) const {
  const std::string* found = value<std::string>(key, "text");
  if (found == nullptr && otherwise) return *otherwise;
  if (found == nullptr) fail(cat("has no '", key, "'"));
  return *found;
}

std::vector<std::string> GgufFile::texts(const std::string& key) const {
  auto found = value<std::vector<std::string>>(key, "a list of texts");
  return found == nullptr ? std::vector<std::string>() : *found;
}

std::vector<double> GgufFile::numbers(const std::string& key) const {
  auto found = value<std::vector<double>>(key, "a list of numbers");
  return found == nullptr ? std::vector<double>() : *found;
}

std::vector<int64_t> GgufFile::integers(const std::string& key) const {
  auto found = value<std::vector<int64_t>>(key, "a list of whole numbers");
  return found == nullptr ? std::vector<int64_t>() : *found;
}

GgufVocabulary read_vocabulary(const GgufFile& file) {
  auto key = [](const char* name) { return cat("tokenizer.ggml.", name); };
  GgufVocabulary words;
  words.model = file.text(key("model"));
  words.pre = file.text(key("pre"), "");
  words.tokens = file.texts(key("tokens"));
  words.scores = file.numbers(key("scores"));
  words.types = file.integers(key("token_type"));
  words.merges = file.texts(key("merges"));
  const size_t count = words.tokens.size();
  if (count == 0) file.fail(cat("has no '", key("tokens"), "'"));
  auto require_length = [&](const char* name, size_t length) {
    if (length != 0 && length != count)
      file.fail(cat("'", key(name), "' has ", length, " entries for ", count, " tokens"));
  };
  require_length("scores", words.scores.size());
  require_length("token_type", words.types.size());
  auto id = [&](const char* name) -> int32_t {
    if (!file.has(key(name))) return -1;
    const int value = file.integer(key(name));
    if (static_cast<size_t>(value) >= count)
      file.fail(cat("'", key(name), "' is ", value, " of ", count, " tokens"));
    return value;
  };
  words.bos_id = id("bos_token_id");
  words.eos_id = id("eos_token_id");
  words.eot_id = id("eot_token_id");
  words.eom_id = id("eom_token_id");
  words.unknown_id = id("unknown_token_id");
  words.padding_id = id("padding_token_id");
  auto switched = [&](const char* name) -> std::optional<bool> {
    if (!file.has(key(name))) return std::nullopt;
    return file.flag(key(name));
  };
  words.add_bos = switched("add_bos_token");
  words.add_eos = switched("add_eos_token");
  words.add_space_prefix = switched("add_space_prefix");
  words.chat_template = file.text("tokenizer.chat_template", "");
  return words;
}

}  // namespace reckon
