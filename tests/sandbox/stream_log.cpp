#include "tests/sandbox/stream_log.hpp"

#include "core/tablestore/ots.pb.h"

#include <cstring>
#include <fcntl.h>

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t kScanBytes = 8U << 20U;
constexpr std::size_t kFlushBytes = 4U << 20U;
// From the end of a record's PlainBuffer: row checksum (2), then number and tag of row index, time and epoch.
constexpr std::size_t kRowIndexFromEnd = 2 + 4;
constexpr std::size_t kTimeFromEnd = kRowIndexFromEnd + 1 + 8;
constexpr std::size_t kEpochFromEnd = kTimeFromEnd + 1 + 4;

void append_varint(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>(number | 0x80U);
  out += static_cast<char>(number);
}

// Bytes the varint takes, or 0 if `bytes` ends within it.
std::size_t read_varint(std::string_view bytes, std::uint64_t& out) {
  out = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out |= std::uint64_t{byte & 0x7FU} << (7 * i);
    if (byte < 0x80) return i + 1;
  }
  return 0;
}

// One field at the start of `bytes`: its whole length, or 0 if it is not all there.
std::size_t field_at(std::string_view bytes, std::string_view& content) {
  std::uint64_t length = 0;
  if (bytes.empty() || bytes[0] != '\x0A') return 0;
  const std::size_t head = read_varint(bytes.substr(1), length);
  if (head == 0 || length > bytes.size() - 1 - head) return 0;
  content = bytes.substr(1 + head, length);
  return 1 + head + length;
}

// The content starts with the action (2 bytes), then field 2: the record.
std::string_view record_bytes(std::string_view content) {
  std::uint64_t length = 0;
  const std::size_t head = read_varint(content.substr(3), length);
  return content.substr(3 + head, length);
}

plain_buffer::SequenceInfo sequence_in(std::string_view content) {
  const std::string_view record = record_bytes(content);
  plain_buffer::SequenceInfo out;
  if (record.size() < kEpochFromEnd) return out;
  const char* end = record.data() + record.size();
  std::memcpy(&out.epoch, end - kEpochFromEnd, sizeof out.epoch);
  std::memcpy(&out.timestamp_us, end - kTimeFromEnd, sizeof out.timestamp_us);
  std::memcpy(&out.row_index, end - kRowIndexFromEnd, sizeof out.row_index);
  return out;
}

}  // namespace

StreamLog::StreamLog(const std::filesystem::path& path) : file_(path, O_RDWR | O_CREAT | O_APPEND) { load(); }

void StreamLog::load() {
  const std::uint64_t length = file_.size();
  std::string block;
  while (end_ < length) {
    file_.read(end_, std::min(kScanBytes, length - end_), block);
    std::string_view rest = block;
    std::string_view content;
    std::size_t taken = 0;
    while (const std::size_t field = field_at(rest, content)) {
      add(end_ + taken, sequence_in(content));
      ++counts_[static_cast<unsigned char>(content[1]) & 3U];
      taken += field;
      rest.remove_prefix(field);
    }
    if (taken == 0) break;
    end_ += taken;
  }
  if (end_ < length) file_.truncate(end_);
}

void StreamLog::add(std::uint64_t offset, const plain_buffer::SequenceInfo& sequence) {
  index_.push_back({offset, std::max(latest_time(), sequence.timestamp_us)});
  last_ = sequence;
}

std::uint64_t StreamLog::first_at(std::int64_t time_us) const {
  const auto found =
      std::lower_bound(index_.begin(), index_.end(), time_us,
                       [](const Entry& entry, std::int64_t time) { return entry.latest_us < time; });
  return static_cast<std::uint64_t>(found - index_.begin());
}

void StreamLog::append_later(const ChangeRecord& record, const plain_buffer::SequenceInfo& sequence) {
  std::string row;
  plain_buffer::append_header(row);
  plain_buffer::append_row(record.row, sequence, row);
  std::string content{'\x08', static_cast<char>(record.action), '\x12'};
  append_varint(row.size(), content);
  content += row;
  if (record.origin) {
    row.clear();
    plain_buffer::append_header(row);
    plain_buffer::append_row(*record.origin, sequence, row);
    content += '\x1A';
    append_varint(row.size(), content);
    content += row;
  }
  const std::size_t before = pending_.size();
  pending_ += '\x0A';
  append_varint(content.size(), pending_);
  pending_ += content;
  add(end_, sequence);
  ++counts_[static_cast<std::size_t>(record.action)];
  end_ += pending_.size() - before;
  if (pending_.size() >= kFlushBytes) flush();
}

void StreamLog::flush() {
  file_.append(pending_);
  pending_.clear();
}

StreamLog::Page StreamLog::page(std::uint64_t from, std::uint64_t limit, std::uint64_t bytes_max) const {
  Page page;
  if (from >= index_.size()) return page;
  const std::uint64_t start = index_[from].offset;
  const std::uint64_t last = std::min<std::uint64_t>(index_.size(), from + limit);
  const auto offset_of = [&](std::uint64_t record) {
    return record < index_.size() ? index_[record].offset : end_;
  };
  std::uint64_t to = from + 1;
  while (to < last && offset_of(to + 1) - start <= bytes_max) ++to;
  file_.read(start, offset_of(to) - start, page.fields);
  page.records = to - from;
  return page;
}

Key StreamLog::key_of(std::uint64_t record) const {
  ots::proto::GetStreamRecordResponse parsed;
  parsed.ParseFromString(page(record, 1, 0).fields);
  const std::string& bytes = parsed.stream_records(0).record();
  // The strict decoder takes no extension; the key stands in front of it.
  return plain_buffer::decode_key(bytes);
}

}  // namespace sluice::sandbox
