#include "core/job/job_schedule.hpp"

#include "core/job/time_expression.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::job {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_character);
}

// "name=expression" as a place-keeping pair.
struct Assignment {
  std::string name;
  std::string expression;
  Place place;             // of the name
  Place expression_place;  // of the expression
};

// Splits "a=$[..] b=.." at blanks. Columns are kept for text on one line.
std::vector<Assignment> split_assignments(YamlMap& job, const YamlNode& node) {
  std::vector<Assignment> assignments;
  const std::string_view text = node.text;
  const auto place_of = [&](std::size_t at) {
    const auto characters =
        std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    return Place{node.place.line, node.place.column + static_cast<int>(characters) + (node.quoted ? 1 : 0)};
  };
  for (std::size_t at = text.find_first_not_of(" \t\r\n"); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      job.problems().error(place_of(at),
                           fmt::format("parameters: expected name=expression, got \"{}\"; values cannot "
                                       "hold blanks",
                                       word));
    } else {
      assignments.push_back(Assignment{std::string(word.substr(0, equals)),
                                       std::string(word.substr(equals + 1)), place_of(at),
                                       place_of(at + equals + 1)});
    }
    at = text.find_first_not_of(" \t\r\n", end);
  }
  return assignments;
}

std::vector<Assignment> map_assignments(YamlMap& job, const YamlNode& node) {
  std::vector<Assignment> assignments;
  YamlMap map(node, job.path("parameters"), job.problems());  // reports duplicates
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    const YamlNode& value = node.items[at];
    const bool empty = value.kind == YamlNode::Kind::null;
    if (!empty && value.kind != YamlNode::Kind::scalar) {
      map.error(node.keys[at].text, fmt::format("expected an expression, got {}", kind_name(value)));
      continue;
    }
    if (map.get(node.keys[at].text) != &value && !empty) continue;  // a duplicate
    assignments.push_back(Assignment{node.keys[at].text, value.text, node.keys[at].place, value.place});
  }
  return assignments;
}

void warn_about_date(YamlMap& job, const Assignment& assignment, const TimeExpression& expression) {
  if (assignment.name != "date" || expression.is_business_date()) return;
  job.problems().warning(assignment.expression_place,
                         fmt::format("parameters.date: a parameter named date is always the business date "
                                     "($bizdate), {} has no effect; choose another name",
                                     assignment.expression));
}

}  // namespace

bool is_job_name(std::string_view name) noexcept {
  // "." and ".." vanish from the addresses of the dashboard, "-x" is an option of every command.
  if (name.empty() || name.size() > 100 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_name_character(c) || c == '.' || c == '-'; });
}

std::vector<Parameter> read_parameters(YamlMap& job, std::vector<std::string>& broken) {
  std::vector<Parameter> parameters;
  const YamlNode* node = job.get("parameters");
  if (node == nullptr) return parameters;
  if (node->kind == YamlNode::Kind::sequence) {
    job.error("parameters",
              "expected a map of names and expressions, or a string \"a=$[...] b=...\", got a list");
    return parameters;
  }
  const auto assignments = node->is_mapping() ? map_assignments(job, *node) : split_assignments(job, *node);
  for (const Assignment& assignment : assignments) {
    const auto same = [&](const Parameter& other) { return other.name == assignment.name; };
    if (!is_parameter_name(assignment.name)) {
      job.problems().error(
          assignment.place,
          fmt::format("parameters: \"{}\" is no name; use letters, digits and _", assignment.name));
    } else if (std::any_of(parameters.begin(), parameters.end(), same)) {
      job.problems().error(assignment.place, fmt::format("parameters.{}: given twice", assignment.name));
    } else if (auto parsed = TimeExpression::parse(assignment.expression); !parsed) {
      job.problems().error(
          assignment.expression_place,
          fmt::format("parameters.{}: {}", assignment.name, describe(parsed.error(), assignment.expression)));
      broken.push_back(assignment.name);
    } else {
      warn_about_date(job, assignment, *parsed);
      parameters.push_back(Parameter{assignment.name, assignment.expression,
                                     std::make_shared<const TimeExpression>(std::move(*parsed))});
    }
  }
  return parameters;
}

}  // namespace sluice::job
