#include "core/job/yaml_document.hpp"

#include "core/base/read_file.hpp"
#include "core/base/utf8.hpp"
#include "core/job/slash_comments.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstring>
#include <sstream>

namespace sluice::job {
namespace {

// Thrown through yaml-cpp out of an event, caught in parse_yaml() and nowhere else.
struct Stop {
  YamlError error;
};

// Turns yaml-cpp's marks (from 0, columns in bytes) into places. Marks mostly ascend, so the last one is kept
// and the count goes on from there: a document on one line stays cheap.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      starts_.push_back(at + 1);
    }
  }

  Place of(const YAML::Mark& mark) {
    if (mark.line < 0 || mark.column < 0) return Place{};
    const auto line = std::min(static_cast<std::size_t>(mark.line), starts_.size() - 1);
    const std::size_t target = std::min(starts_[line] + static_cast<std::size_t>(mark.column), text_.size());
    if (line != line_ || target < at_) {
      line_ = line;
      at_ = starts_[line];
      column_ = 1;
    }
    for (; at_ < target; ++at_) {
      if ((static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U)
        ++column_;  // counts the heads of characters
    }
    return Place{static_cast<int>(line) + 1, column_};
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // of each line
  std::size_t line_ = 0;
  std::size_t at_ = 0;
  int column_ = 1;
};

// Builds the tree from yaml-cpp's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Places& places) : places_(places) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    YamlNode node;
    node.place = places_.of(mark);
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Stop{{places_.of(mark), "aliases (*name) are not supported: write the value out"}};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.place = places_.of(mark);
    node.quoted = tag == "!";
    node.text = value;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, YamlNode::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  bool expects_key() const {
    if (open_.empty()) return false;
    const YamlNode& parent = open_.back();
    return parent.is_mapping() && parent.keys.size() == parent.items.size();
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.place = places_.of(mark);
    if (expects_key())
      throw Stop{{node.place, fmt::format("a key must be a string, got {}", kind_name(node))}};
    if (open_.size() >= kYamlDepthMax) {
      throw Stop{{node.place, fmt::format("nested deeper than {} levels", kYamlDepthMax)}};
    }
    open_.push_back(std::move(node));
  }

  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (expects_key()) {
      open_.back().keys.push_back(std::move(node));
    } else {
      YamlNode& parent = open_.back();
      // yaml-cpp puts an absent value where the next thing stands.
      if (parent.is_mapping() && node.kind == YamlNode::Kind::null) node.place = parent.keys.back().place;
      parent.items.push_back(std::move(node));
    }
  }

  Places& places_;
  std::vector<YamlNode> open_;
  YamlNode root_;
};

// NUL is refused too: with one, yaml-cpp would take the text for UTF-16.
void check_text(std::string_view text) {
  if (text.size() > kYamlBytesMax) {
    throw Stop{{Place{}, fmt::format("larger than {} bytes", kYamlBytesMax)}};
  }
  Place place;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) throw Stop{{place, "not valid UTF-8: save the file as UTF-8"}};
    if (text[at] == '\0') throw Stop{{place, "a NUL character is not allowed"}};
    ++place.column;
    if (text[at] == '\n') place = Place{place.line + 1, 1};
    at += length;
  }
}

// Behind a colon yaml-cpp quotes the document, and an unquoted secret that begins with "*" would be shown.
std::string_view without_content(std::string_view message) { return message.substr(0, message.find(':')); }

YamlNode parse_checked(std::string_view text) {
  check_text(text);
  Places places(text);
  std::istringstream input{without_slash_comments(text)};
  try {
    YAML::Parser parser(input);
    TreeBuilder builder(places);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    TreeBuilder rest(places);
    if (parser.HandleNextDocument(rest)) {
      throw Stop{{rest.take().place, "a second document is not allowed: one file holds one"}};
    }
    return builder.take();
  } catch (const YAML::Exception& failure) {
    throw Stop{{places.of(failure.mark), fmt::format("not valid YAML: {}", without_content(failure.msg))}};
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const noexcept {
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (keys[at].text == key) return &items[at];
  }
  return nullptr;
}

std::string_view kind_name(const YamlNode& node) noexcept {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a map";
    case YamlNode::Kind::scalar:
    case YamlNode::Kind::unusable:
      break;
  }
  return "a string";
}

boost::system::result<YamlNode, YamlError> parse_yaml(std::string_view text) {
  try {
    return parse_checked(text);
  } catch (Stop& stopped) {
    return std::move(stopped.error);
  }
}

Result<std::string> read_text_file(const std::string& path) { return read_file(path, kYamlBytesMax + 1); }

void throw_exception_from_error(const YamlError& error, const boost::source_location&) {
  throw ErrorException(Error(Errc::invalid_argument,
                             fmt::format("{}:{}: {}", error.place.line, error.place.column, error.message)));
}

}  // namespace sluice::job
