#pragma once
// Counters, gauges and histograms, and their Prometheus text. Names and units follow the Prometheus
// conventions: base units, "_total" for counters.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::daemon {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

// Single-threaded. A family must be declared before it is used; families print in order of declaration, their
// series in order of labels.
class Metrics {
 public:
  void declare_counter(std::string_view name, std::string_view help);
  void declare_gauge(std::string_view name, std::string_view help);
  // `bounds`: upper bounds of the buckets, ascending, without +Inf.
  void declare_histogram(std::string_view name, std::string_view help, std::vector<double> bounds);

  void add(std::string_view counter, const Labels& labels, double value = 1);
  void set(std::string_view gauge, const Labels& labels, double value);
  void observe(std::string_view histogram, const Labels& labels, double value);

  // Forgets all series of a gauge: those not set again are gone.
  void clear(std::string_view gauge);

  std::string text() const;

 private:
  struct Series {
    double value = 0;                    // counter, gauge; sum of a histogram
    std::uint64_t count = 0;             // histogram
    std::vector<std::uint64_t> buckets;  // histogram, not cumulative
  };
  struct Family {
    std::string name;
    std::string_view type;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;  // by label text
  };
  Family& family(std::string_view name);
  void declare(std::string_view name, std::string_view type, std::string_view help,
               std::vector<double> bounds);
  static void print(std::string& out, const Family& family, const std::string& labels, const Series& series);

  std::vector<Family> families_;
};

// Declares every family of docs/operations.md.
void declare_all(Metrics& metrics, std::string_view version);

// CPU, memory, descriptors and threads of this process, from /proc.
void set_process_metrics(Metrics& metrics);

}  // namespace sluice::daemon
