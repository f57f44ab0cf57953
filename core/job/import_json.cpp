#include "core/job/import_parts.hpp"

#include <cctype>

namespace sluice::job {
namespace {

// Whether JSON has the word without quotes.
bool is_json_word(std::string_view text) {
  if (text == "true" || text == "false") return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > 15 || (text.size() > 1 && text.front() == '0' && text[1] != '.'))
    return false;
  bool digit_before = false;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && digit_before && !point) {
      point = true;
      digit_before = false;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      digit_before = true;
    } else {
      return false;
    }
  }
  return digit_before;
}

void write_json(const YamlNode& node, std::size_t depth, std::string& out) {
  if (node.kind == YamlNode::Kind::null) {
    out += "null";
  } else if (node.kind == YamlNode::Kind::scalar || node.kind == YamlNode::Kind::unusable) {
    out += !node.quoted && is_json_word(node.text) ? node.text : quoted_text(node.text);
  } else {
    const bool map = node.is_mapping();
    out += map ? '{' : '[';
    for (std::size_t at = 0; at < node.items.size(); ++at) {
      out += (at == 0 ? "\n" : ",\n") + std::string(2 * (depth + 1), ' ');
      if (map) out += quoted_text(node.keys[at].text) + ": ";
      write_json(node.items[at], depth + 1, out);
    }
    if (!node.items.empty()) out += "\n" + std::string(2 * depth, ' ');
    out += map ? '}' : ']';
  }
}

}  // namespace

std::string json_text(const YamlNode& root) {
  std::string out;
  write_json(root, 0, out);
  return out + "\n";
}

}  // namespace sluice::job
