#pragma once
// SQLite with owners: connection, statement, transaction, and errors in our words. For storage/ only.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::storage {

class Database;
class TransactionGroup;

// One use of a prepared statement. Resets it and forgets what was bound when it goes out of scope, so that no
// finished or abandoned cursor pins the write-ahead log. Must not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds the next parameter; the first call binds ?1.
  void bind(std::nullopt_t);
  void bind(std::string_view text);
  void bind(Instant instant) { bind_integer(instant.time_since_epoch().count()); }
  template <std::integral Number>
  void bind(Number number) {
    bind_integer(static_cast<std::int64_t>(number));
  }
  template <class T>
  void bind(const std::optional<T>& value) {
    if (value) {
      bind(*value);
    } else {
      bind(std::nullopt);
    }
  }

  // True when there is a row, false at the end. Throws ErrorException as Database says.
  bool step();

  // Columns of the present row, from 0.
  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  int small(int column) const { return static_cast<int>(integer(column)); }
  std::string text(int column) const;
  bool is_null(int column) const;
  Instant instant(int column) const { return Instant(Duration(integer(column))); }
  std::optional<Instant> maybe_instant(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}
  void bind_integer(std::int64_t number);
  void check(int code, std::string_view doing) const;

  Database* database_;
  sqlite3_stmt* handle_;
  int bound_ = 0;
  bool copies_texts_ = true;
};

struct DatabaseOptions {
  std::string path;
  std::string vfs;  // name of a registered SQLite VFS; empty: the system's
};

// The one connection to a state file: exclusive for as long as it lives, write-ahead log, every commit on the
// disk before it returns, mode 0600. One thread at a time. All failures are ErrorException: disk_full, io,
// corrupt, conflict (another daemon has the file), permission_denied; internal for what is our own mistake.
//
// A file in which damage was found is left as it is: from then on every call fails with that error, and
// closing does not write the log back into it.
class Database {
 public:
  explicit Database(DatabaseOptions options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A statement with its parameters bound, taken from the cache of prepared ones. The same text can be in use
  // once at a time (asserted).
  template <class... Values>
  Statement prepare(std::string_view sql, const Values&... values) {
    Statement statement = take(sql);
    (statement.bind(values), ...);
    return statement;
  }

  // The same without a copy of the texts that are bound: they must outlive the statement.
  Statement borrow(std::string_view sql) {
    Statement statement = take(sql);
    statement.copies_texts_ = false;
    return statement;
  }

  // Runs a statement that returns no rows; the number of rows it changed.
  template <class... Values>
  std::size_t run(std::string_view sql, const Values&... values) {
    Statement statement = borrow(sql);
    (statement.bind(values), ...);
    statement.step();  // without rows one step is all of it
    return changes();
  }

  // Runs several statements, not cached. For migrations and pragmas.
  void execute(const std::string& sql);

  std::size_t changes() const;  // rows that the latest statement changed
  std::int64_t last_insert_id() const;
  bool in_transaction() const;

  // Copies the write-ahead log into the file, empties it and gives cached pages back. False when a reader was
  // in the way.
  bool checkpoint();
  // False when that would find nothing: no row was written since, and few pages are cached.
  bool wants_checkpoint() const;

  // Damage was found by other means than a call.
  void mark_damaged(Error damage);
  const std::optional<Error>& damage() const noexcept { return damage_; }

  const std::string& path() const noexcept { return options_.path; }
  sqlite3* handle() const noexcept { return handle_.get(); }

  // Throws what `code` of the last call means.
  [[noreturn]] void fail(int code, std::string_view doing);

 private:
  friend class Transaction;
  friend class TransactionGroup;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };

  void create_file() const;
  void configure();
  void check_damage() const;
  void write_log_back_at_close(bool wanted) noexcept;
  Statement take(std::string_view sql);

  DatabaseOptions options_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> cache_;
  TransactionGroup* group_ = nullptr;
  std::optional<Error> damage_;
  std::int64_t written_back_ = -1;  // rows ever changed by this connection, at the last checkpoint
};

// Takes the write lock at once (BEGIN IMMEDIATE) and rolls back unless committed. Within a TransactionGroup
// it is a part of the group's.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Durable when it returns; within a group when the group's commit() does. When it throws, nothing of the
  // transaction is visible.
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

// While it lives, all transactions of the database are parts of one: each can still be undone by itself, and
// one sync makes them durable. The first part begins it, so that a group that only reads costs nothing. Not
// nested.
class TransactionGroup {
 public:
  explicit TransactionGroup(Database& database);
  ~TransactionGroup();  // undoes what is not committed
  TransactionGroup(const TransactionGroup&) = delete;
  TransactionGroup& operator=(const TransactionGroup&) = delete;

  // Durable when it returns. When it throws, nothing of the group is visible: a failure may have undone the
  // parts before it, also those that were whole.
  void commit();

 private:
  friend class Transaction;
  void begin_part();
  void undo_part() noexcept;
  [[noreturn]] void undone() const;

  Database& database_;
  bool begun_ = false;
  bool spoiled_ = false;  // a part could not be undone
};

// What a result code of SQLite means to an operator: kind, state file, cause, way out.
Error sqlite_error(int extended_code, int system_errno, std::string_view path, std::string_view doing,
                   std::string_view detail);

}  // namespace sluice::storage
