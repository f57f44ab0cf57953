#include "tests/sandbox/table.hpp"

#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/plain_buffer.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstring>
#include <fcntl.h>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kFlushBytes = 4U << 20U;

std::string packed(const google::protobuf::MessageLite& message) {
  return base64_encode(message.SerializeAsString());
}

void unpack(const json::value& text, google::protobuf::MessageLite& message) {
  const auto bytes = base64_decode(std::string_view(text.as_string()));
  if (!bytes || !message.ParseFromString(*bytes)) throw std::runtime_error("read table.json: broken message");
}

std::string packed(const Value& value) { return base64_encode(plain_buffer::encode_variant(value)); }

Value unpack_value(const json::value& text) {
  return plain_buffer::decode_variant(base64_decode(std::string_view(text.as_string())).value_or(""));
}

std::string new_table_id() {
  const std::string digits = random_hex(32);
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                     digits.substr(16, 4), digits.substr(20));
}

}  // namespace

Table::Table(std::filesystem::path folder, const pb::CreateTableRequest& request, TableKind kind,
             std::int64_t time_us)
    : folder_(std::move(folder)), kind_(kind), meta_(request.table_meta()), created_us_(now_us()) {
  std::filesystem::create_directories(folder_);
  meta_.set_table_id(new_table_id());
  options_.set_time_to_live(-1);
  options_.set_max_versions(1);
  options_.set_deviation_cell_version_in_sec(86400);
  options_.set_allow_update(true);
  options_.set_update_full_row(false);
  options_.MergeFrom(request.table_options());
  throughput_.mutable_capacity_unit()->set_read(request.reserved_throughput().capacity_unit().read());
  throughput_.mutable_capacity_unit()->set_write(request.reserved_throughput().capacity_unit().write());
  throughput_.set_last_increase_time(created_us_ / 1'000'000);
  for (const pb::PartitionRange& range : request.partitions())
    partitions_.push_back(
        {plain_buffer::decode_variant(range.begin()), plain_buffer::decode_variant(range.end()), ""});
  if (partitions_.empty()) partitions_.emplace_back();
  partitions_.front().begin = Value::infinite(ValueType::inf_min);
  partitions_.back().end = Value::infinite(ValueType::inf_max);
  row_log_ = File(folder_ / "rows.log", O_RDWR | O_CREAT | O_APPEND);
  if (request.has_stream_spec() && request.stream_spec().enable_stream())
    enable_stream(request.stream_spec(), time_us);
  else
    save();
}

Table::Table(std::filesystem::path folder) : folder_(std::move(folder)) {
  const json::value saved = json::parse(read_file(folder_ / "table.json"));
  if (saved.as_object().contains("kind"))
    kind_ = static_cast<TableKind>(saved.at("kind").to_number<std::uint8_t>());
  unpack(saved.at("meta"), meta_);
  unpack(saved.at("options"), options_);
  unpack(saved.at("throughput"), throughput_);
  created_us_ = saved.at("created_us").as_int64();
  for (const json::value& partition : saved.at("partitions").as_array())
    partitions_.push_back({unpack_value(partition.at("begin")), unpack_value(partition.at("end")),
                           std::string(partition.at("shard").as_string())});
  if (const json::value& stream = saved.at("stream"); stream.is_object())
    stream_.emplace(stream_folder(std::string(stream.at("id").as_string())), stream.as_object());
  load_rows();
}

void Table::save() const {
  json::array partitions;
  for (const Partition& partition : partitions_)
    partitions.push_back(
        {{"begin", packed(partition.begin)}, {"end", packed(partition.end)}, {"shard", partition.shard}});
  const json::object out{{"kind", static_cast<std::uint8_t>(kind_)},
                         {"meta", packed(meta_)},
                         {"options", packed(options_)},
                         {"throughput", packed(throughput_)},
                         {"created_us", created_us_},
                         {"partitions", partitions},
                         {"stream", stream_ ? json::value(stream_->describe()) : json::value()}};
  replace_file(folder_ / "table.json", json::serialize(out));
}

const Row* Table::find(const Key& key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

std::optional<std::size_t> Table::auto_increment() const {
  for (int i = 0; i < meta_.primary_key_size(); ++i)
    if (meta_.primary_key(i).has_option()) return static_cast<std::size_t>(i);
  return std::nullopt;
}

std::int64_t Table::next_auto_increment() {
  last_auto_increment_ = std::max(last_auto_increment_ + 1, now_us());
  return last_auto_increment_;
}

void Table::change_options(const pb::TableOptions& changes) {
  options_.MergeFrom(changes);
  save();
}

void Table::change_throughput(const pb::CapacityUnit& unit) {
  throughput_.mutable_capacity_unit()->MergeFrom(unit);
  throughput_.set_last_increase_time(now_us() / 1'000'000);
  save();
}

// The id comes from the machine's clock, so that it is new whatever the stream's clock says.
void Table::enable_stream(const pb::StreamSpecification& spec, std::int64_t time_us) {
  const std::string id = fmt::format("{}_{}", meta_.table_name(), now_us());
  stream_.emplace(stream_folder(id), id, time_us, spec.expiration_time(),
                  std::vector<std::string>(spec.columns_to_get().begin(), spec.columns_to_get().end()));
  for (Partition& partition : partitions_) partition.shard = stream_->open_shard("", "", time_us);
  save();
}

void Table::disable_stream() {
  if (!stream_) return;
  const std::filesystem::path folder = stream_folder(stream_->id());
  stream_.reset();
  for (Partition& partition : partitions_) partition.shard.clear();
  save();
  std::filesystem::remove_all(folder);
}

std::filesystem::path Table::stream_folder(const std::string& stream_id) const {
  return folder_ / fmt::format("stream-{}", stream_id.substr(stream_id.rfind('_') + 1));
}

std::vector<Cell> Table::wire_key(const Key& key) const {
  std::vector<Cell> cells(key.size());
  for (std::size_t i = 0; i < key.size(); ++i) {
    cells[i].name = meta_.primary_key(static_cast<int>(i)).name();
    cells[i].value = key[i];
  }
  return cells;
}

WireRow Table::wire_row(const Key& key, const Row& row) const {
  WireRow out;
  out.key = wire_key(key);
  for (const auto& [name, versions] : row)
    for (const auto& [version, value] : versions) {
      Cell cell;
      cell.name = name;
      cell.value = value;
      cell.timestamp = version;
      out.cells.push_back(std::move(cell));
    }
  return out;
}

void Table::append_row(const WireRow& row) {
  const std::string bytes = plain_buffer::encode_row(row);
  const auto length = static_cast<std::uint32_t>(bytes.size());
  char head[sizeof length];
  std::memcpy(head, &length, sizeof length);
  pending_rows_.append(head, sizeof head);
  pending_rows_ += bytes;
}

void Table::save_rows() {
  row_log_.append(pending_rows_);
  pending_rows_.clear();
}

void Table::store_later(const Key& key, Row after) {
  append_row(wire_row(key, after));
  rows_.insert_or_assign(key, std::move(after));
  if (pending_rows_.size() >= kFlushBytes) save_rows();
}

void Table::erase_later(const Key& key) {
  if (rows_.erase(key) == 0) return;
  WireRow gone;
  gone.key = wire_key(key);
  gone.delete_marker = true;
  append_row(gone);
}

void Table::commit(const Key& key, std::optional<Row> after, const ChangeRecord& record,
                   const WriteTime& at) {
  if (after)
    store_later(key, std::move(*after));
  else
    erase_later(key);
  save_rows();
  if (Shard* shard = shard_of(key)) stream_->append(*shard, record, at);
}

void Table::load_rows() {
  const std::string log = read_file(folder_ / "rows.log");
  std::string_view rest = log;
  std::size_t entries = 0;
  for (std::uint32_t length = 0; rest.size() >= sizeof length; ++entries) {
    std::memcpy(&length, rest.data(), sizeof length);
    if (length > rest.size() - sizeof length) break;
    const WireRow wire = plain_buffer::decode_row(rest.substr(sizeof length, length));
    rest.remove_prefix(sizeof length + length);
    Key key;
    for (const Cell& cell : wire.key) key.push_back(*cell.value);
    rows_.erase(key);
    if (wire.delete_marker) continue;
    Row row;
    for (const Cell& cell : wire.cells) row[cell.name].emplace_back(*cell.timestamp, *cell.value);
    rows_.emplace(std::move(key), std::move(row));
  }
  // Also rewritten if a kill left half an entry, which must not stand before the next one.
  if (!rest.empty() || entries > 2 * rows_.size() + 1000) compact_rows();
  row_log_ = File(folder_ / "rows.log", O_RDWR | O_CREAT | O_APPEND);
}

void Table::compact_rows() {
  for (const auto& [key, row] : rows_) append_row(wire_row(key, row));
  replace_file(folder_ / "rows.log", pending_rows_);
  pending_rows_.clear();
}

}  // namespace sluice::sandbox
