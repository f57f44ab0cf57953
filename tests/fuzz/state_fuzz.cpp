// Fuzz target of what the daemon reads back of its own, after a disk or an editor had its way with it:
// positions, parameter values, log files plain and compressed. The first byte selects which.

#include "scheduler/instance.hpp"
#include "storage/attempt_log_text.hpp"
#include "storage/compressed_log.hpp"
#include "storage/instance_rows.hpp"
#include "tests/fuzz/check.hpp"

#include <fcntl.h>
#include <iterator>
#include <string>
#include <unistd.h>

namespace {

using namespace sluice;
using fuzz::check;

void positions(std::string_view text) {
  try {
    const pipeline::Positions read = storage::parse_positions(text);
    check(storage::parse_positions(storage::positions_text(read)) == read);
  } catch (const ErrorException& failure) {
    check(failure.error().code() == Errc::corrupt);
  }
}

// Pieces of any size, asked for one after the other, are the log.
void log_pieces(std::string_view text) {
  if (text.empty()) return;
  const std::size_t bytes_max = 1 + static_cast<unsigned char>(text[0]) % 64U;
  const storage::LogText log{std::string(text.substr(1))};
  check(log.head <= log.tail && log.tail <= log.bytes.size());
  std::string read;
  std::uint64_t at = 0;
  for (std::size_t count = 0;; ++count) {
    check(count <= log.bytes.size() + 1);
    const storage::LogPiece piece = storage::piece_of(log, at, bytes_max);
    check(piece.offset >= at && piece.next >= piece.offset);
    read += piece.text;
    check(piece.at_end || piece.next > at);
    at = piece.next;
    if (piece.at_end) break;
  }
  // The line about what was left out is written anew, and nothing is left out where it says 0 bytes.
  const std::string mark = storage::mark_line(log.left_out_lines, log.left_out_bytes);
  const bool as_written = log.bytes.compare(log.head, log.tail - log.head, mark) == 0;
  if (log.head == log.tail || (as_written && log.left_out_bytes > 0)) check(read == log.bytes);
}

// A gzip gives its content or an error; bytes that are none are their own content to zlib.
void compressed_log(std::string_view bytes) {
  static const std::string path = "/dev/shm/sluice_state_fuzz." + std::to_string(::getpid());
  const int plain = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  check(plain >= 0 && ::write(plain, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(plain);
  const auto read = storage::read_compressed_log(path);
  ::unlink(path.c_str());
  if (!read) check(read.error().code() == Errc::io);
}

void chain(std::string_view text) {
  const scheduler::Chain parsed = scheduler::parse_chain(text);
  if (parsed.group > 0) {
    const scheduler::Chain again = scheduler::parse_chain(scheduler::chain_of(parsed.job, parsed.group));
    check(again.job == parsed.job && again.group == parsed.group);
  }
  try {
    check(scheduler::to_string(storage::parse_state(std::string(text))) == text);
  } catch (const ErrorException& failure) {
    check(failure.error().code() == Errc::corrupt);
  }
}

// A row of an instance: its texts and numbers, one a line, the rest are its values. Values that are read are
// written as they were.
void instance_row(std::string_view text) {
  static storage::Database* const kDatabase = [] {
    storage::DatabaseOptions options;
    options.path = "/dev/shm/sluice_state_fuzz." + std::to_string(::getpid()) + ".db";
    auto* const database = new storage::Database(options);
    for (const char* const end : {"", "-wal", "-shm"}) ::unlink((options.path + end).c_str());
    return database;
  }();
  const std::string name(fuzz::take_part(text, '\n'));
  const std::string number(fuzz::take_part(text, '\n'));
  const std::string state(fuzz::take_part(text, '\n'));
  constexpr std::string_view kRow =
      "SELECT 1, ?1, ?2, 'UTC', ?2, ?4, ?2, ?2, 'v', ?3, '', ?2, ?2, ?2, ?2, NULL, ?2, ?2, ?2, ?2, ?2";
  storage::Statement row = kDatabase->prepare(kRow, name, number, state, text);
  check(row.step());
  try {
    const job::ParameterValues values = storage::read_instance(row).values;
    const std::string written = storage::values_text(values);
    storage::Statement again = kDatabase->prepare(std::string(kRow) + " ", name, number, state, written);
    check(again.step() && storage::read_instance(again).values == values);
  } catch (const ErrorException& failure) {
    check(failure.error().code() == Errc::corrupt);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  constexpr void (*kReaders[])(std::string_view) = {positions, log_pieces, compressed_log, chain,
                                                    instance_row};
  kReaders[fuzz::choice(data[0], std::size(kReaders))](text);
  return 0;
}
