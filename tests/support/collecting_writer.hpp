#pragma once
// A WindowWriter that keeps the rows as text, and a Log that keeps its lines.

#include "core/pipeline/log.hpp"
#include "core/pipeline/writer.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

inline std::string row_text(std::span<const pipeline::Value> row) {
  std::string text;
  for (const pipeline::Value& value : row) {
    if (!text.empty()) text += ',';
    switch (value.type) {
      case pipeline::ValueType::null:
        text += "null";
        break;
      case pipeline::ValueType::integer:
      case pipeline::ValueType::date:
        text += std::to_string(value.integer);
        break;
      case pipeline::ValueType::real:
        text += fmt::format("{}", value.real);
        break;
      case pipeline::ValueType::boolean:
        text += value.boolean ? "true" : "false";
        break;
      case pipeline::ValueType::string:
      case pipeline::ValueType::binary:
        text += value.text;
        break;
    }
  }
  return text;
}

class CollectingWriter final : public pipeline::WindowWriter {
 public:
  explicit CollectingWriter(Clock& clock) : clock_(clock) {}

  awaitable<Result<void>> prepare() override { co_return Result<void>(); }

  pipeline::ShardSink& open(std::uint32_t index) override {
    auto [sink, is_new] = sinks_.try_emplace(index, *this, index);
    if (!is_new) throw std::logic_error("a sink is opened twice");
    return sink->second;
  }

  awaitable<Result<std::vector<pipeline::ObjectInfo>>> commit() override {
    co_return std::vector<pipeline::ObjectInfo>();
  }
  awaitable<void> abort() override { co_return; }

  std::map<std::uint32_t, std::vector<std::string>> rows;  // by place of the shard
  std::vector<std::size_t> batches;                        // rows of each write, in order
  std::function<Duration()> latency;                       // of each write
  std::function<std::optional<Error>()> fault;             // asked with each write

 private:
  class Sink final : public pipeline::ShardSink {
   public:
    Sink(CollectingWriter& owner, std::uint32_t index) : owner_(owner), index_(index) {}
    awaitable<Result<void>> write(const pipeline::RowBatch& batch) override {
      owner_.batches.push_back(batch.rows());
      for (std::size_t i = 0; i < batch.rows(); ++i) owner_.rows[index_].push_back(row_text(batch.row(i)));
      if (owner_.latency) co_await owner_.clock_.sleep_for(owner_.latency());
      if (owner_.fault) {
        if (const auto error = owner_.fault()) co_return *error;
      }
      co_return Result<void>();
    }

   private:
    CollectingWriter& owner_;
    std::uint32_t index_;
  };

  Clock& clock_;
  std::map<std::uint32_t, Sink> sinks_;
};

class CollectingLog final : public pipeline::Log {
 public:
  void line(pipeline::Level level, std::string_view text) noexcept override {
    lines.emplace_back((level == pipeline::Level::info ? "" : "! ") + std::string(text));
  }
  bool has(std::string_view part) const {
    for (const std::string& text : lines) {
      if (text.find(part) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::string> lines;
};

}  // namespace sluice::test
