#pragma once
// All tables of all instances. An instance exists as soon as somebody names it.

#include "tests/sandbox/stream_settings.hpp"
#include "tests/sandbox/table.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace sluice::sandbox {

class Catalog {
 public:
  using Tables = std::map<std::string, std::unique_ptr<Table>>;

  /// Loads every table below `folder`.
  explicit Catalog(std::filesystem::path folder);

  const std::map<std::string, Tables>& instances() const { return instances_; }
  const Tables& tables(const std::string& instance) { return instances_[instance]; }
  /// Null if there is none.
  Table* find(const std::string& instance, const std::string& table);
  /// Throws Refusal OTSObjectNotExist.
  Table& at(const std::string& instance, const std::string& table);
  Table& create(const std::string& instance, const pb::CreateTableRequest& request,
                TableKind kind = TableKind::plain, std::int64_t age_us = 0);
  void enable_stream(Table& table, const pb::StreamSpecification& spec);
  void erase(const std::string& instance, const std::string& table);

  StreamClock clock;
  StreamSettings streams;

 private:
  void begin_enabling(Table& table) const;

  std::filesystem::path folder_;
  std::map<std::string, Tables> instances_;
};

}  // namespace sluice::sandbox
