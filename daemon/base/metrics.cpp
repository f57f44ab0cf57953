#include "daemon/base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sluice::daemon {
namespace {

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string label_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ",";
    out += fmt::format("{}=\"{}\"", name, escape(value, true));
  }
  return out;
}

std::string number_text(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::isnan(value)) return "NaN";
  const bool whole = std::floor(value) == value && std::fabs(value) < 1e15;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::string in_braces(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

}  // namespace

void Metrics::declare_counter(std::string_view name, std::string_view help) {
  declare(name, "counter", help, {});
}
void Metrics::declare_gauge(std::string_view name, std::string_view help) {
  declare(name, "gauge", help, {});
}
void Metrics::declare_histogram(std::string_view name, std::string_view help, std::vector<double> bounds) {
  declare(name, "histogram", help, std::move(bounds));
}

void Metrics::declare(std::string_view name, std::string_view type, std::string_view help,
                      std::vector<double> bounds) {
  Family family;
  family.name = name;
  family.type = type;
  family.help = help;
  family.bounds = std::move(bounds);
  families_.push_back(std::move(family));
}

Metrics::Family& Metrics::family(std::string_view name) {
  const auto found = std::find_if(families_.begin(), families_.end(),
                                  [&](const Family& family) { return family.name == name; });
  assert(found != families_.end() && "a metric is used that was not declared");
  return *found;
}

void Metrics::add(std::string_view counter, const Labels& labels, double value) {
  family(counter).series[label_text(labels)].value += value;
}

void Metrics::set(std::string_view gauge, const Labels& labels, double value) {
  family(gauge).series[label_text(labels)].value = value;
}

void Metrics::observe(std::string_view histogram, const Labels& labels, double value) {
  Family& target = family(histogram);
  Series& series = target.series[label_text(labels)];
  series.buckets.resize(target.bounds.size());
  series.value += value;
  ++series.count;
  const auto bucket = std::lower_bound(target.bounds.begin(), target.bounds.end(), value);
  if (bucket != target.bounds.end())
    ++series.buckets[static_cast<std::size_t>(bucket - target.bounds.begin())];
}

void Metrics::clear(std::string_view gauge) { family(gauge).series.clear(); }

void Metrics::print(std::string& out, const Family& family, const std::string& labels, const Series& series) {
  if (family.type != "histogram") {
    out += fmt::format("{}{} {}\n", family.name, in_braces(labels), number_text(series.value));
    return;
  }
  const std::string prefix = labels.empty() ? "" : labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < family.bounds.size(); ++i) {
    below += series.buckets[i];
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", family.name, prefix, number_text(family.bounds[i]),
                       below);
  }
  out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", family.name, prefix, series.count);
  out += fmt::format("{}_sum{} {}\n", family.name, in_braces(labels), number_text(series.value));
  out += fmt::format("{}_count{} {}\n", family.name, in_braces(labels), series.count);
}

std::string Metrics::text() const {
  std::string out;
  for (const Family& family : families_) {
    if (family.series.empty()) continue;
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, escape(family.help, false), family.name,
                       family.type);
    for (const auto& [labels, series] : family.series) print(out, family, labels, series);
  }
  return out;
}

}  // namespace sluice::daemon
