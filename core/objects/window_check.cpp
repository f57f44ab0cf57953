#include "core/objects/window_check.hpp"

#include "core/objects/object_names.hpp"
#include "core/objects/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace sluice::objects {
namespace {

using pipeline::ObjectInfo;

constexpr std::size_t kHeadsAtOnce = 8;

// One check; lives as long as it runs.
class Checking {
 public:
  Checking(ObjectStore& store, const LedgerWindow& ledger) : store_(store), ledger_(ledger) {}

  awaitable<Result<WindowCheck>> run() {
    heads_.resize(ledger_.objects.size());
    const auto look = [this](std::size_t place) { return look_at(place); };
    const auto asked = co_await side_by_side(heads_.size(), kHeadsAtOnce, look);
    if (!asked) co_return asked.error();
    for (std::size_t place = 0; place < heads_.size(); ++place) compare(place);
    check_.objects = ledger_.objects.size();
    check_.rows = ledger_.rows;
    check_rows();
    const auto own = co_await check_names(ledger_.window);
    if (!own) co_return own.error();
    if (has_table()) {
      pipeline::Window table = ledger_.window;
      table.label = kTableLabel;
      const auto loaded = co_await check_names(table);
      if (!loaded) co_return loaded.error();
    }
    co_return std::move(check_);
  }

 private:
  awaitable<Result<void>> look_at(std::size_t place) {
    auto head = co_await store_.head_object(ledger_.objects[place].name);
    if (head) {
      heads_[place] = std::move(*head);
    } else if (head.error().code() != Errc::not_found) {
      co_return head.error();
    }
    co_return Result<void>();
  }

  void tell(DifferenceKind kind, std::string object, std::string detail) {
    check_.differences.push_back(Difference{kind, std::move(object), std::move(detail)});
  }

  void compare(std::size_t place) {
    const ObjectInfo& object = ledger_.objects[place];
    const std::optional<ObjectHead>& head = heads_[place];
    check_.bytes += object.bytes;
    if (!head) {
      tell(DifferenceKind::missing, object.name, fmt::format("is not there; it held {} rows", object.rows));
    } else if (head->bytes != object.bytes) {
      tell(DifferenceKind::size, object.name,
           fmt::format("has {} bytes, the ledger says {}", head->bytes, object.bytes));
    } else if (head->crc64 && *head->crc64 != object.crc64) {
      tell(DifferenceKind::checksum, object.name,
           fmt::format("has CRC-64 {}, the ledger says {}", *head->crc64, object.crc64));
    } else if (!head->crc64) {
      ++check_.without_checksum;
    }
  }

  void check_rows() {
    std::uint64_t rows = 0;
    for (const ObjectInfo& object : ledger_.objects) rows += object.rows;
    if (rows == ledger_.rows) return;
    tell(DifferenceKind::rows, ledger_.target.object,
         fmt::format("the objects have {} rows, the window {}", rows, ledger_.rows));
  }

  // Only a window whose chain began with the whole table has objects of its rows.
  bool has_table() const {
    if (ledger_.target.write_single_object) return false;
    pipeline::Window table = ledger_.window;
    table.label = kTableLabel;
    const auto names = ObjectNames::make(ledger_.target, table);
    return names && std::any_of(ledger_.objects.begin(), ledger_.objects.end(),
                                [&](const ObjectInfo& object) { return names->contains(object.name); });
  }

  // What is there under the window's names, and its manifest. A job whose names have changed since has other
  // objects there, if any.
  awaitable<Result<void>> check_names(const pipeline::Window& window) {
    const auto names = ObjectNames::make(ledger_.target, window);
    if (!names) co_return names.error();
    std::vector<ObjectInfo> own;
    for (const ObjectInfo& object : ledger_.objects) {
      if (names->contains(object.name)) own.push_back(object);
    }
    if (own.empty() && !ledger_.objects.empty() && !ledger_.same_definition) co_return Result<void>();
    const auto listed = co_await store_.list_objects(names->prefix());
    if (!listed) co_return listed.error();
    std::set<std::string_view> known;
    for (const ObjectInfo& object : own) known.insert(object.name);
    for (const ListedObject& object : *listed) {
      if (!names->contains(object.name) || known.contains(object.name)) continue;
      tell(DifferenceKind::unexpected, object.name,
           fmt::format("is not in the ledger; it has {} bytes", object.bytes));
    }
    const auto described = co_await check_manifest(window, own);
    co_return described;
  }

  awaitable<Result<void>> check_manifest(const pipeline::Window& window, const std::vector<ObjectInfo>& own) {
    if (ledger_.target.manifest.empty()) co_return Result<void>();
    const auto name = manifest_name(ledger_.target, window);
    if (!name) co_return name.error();
    const auto text = co_await store_.get_object(*name, kManifestBytesMax);
    if (!text && text.error().code() == Errc::refused_by_state) {  // archived; others may not be
      tell(DifferenceKind::manifest, *name, "cannot be read: " + text.error().message());
      co_return Result<void>();
    }
    if (!text && text.error().code() != Errc::not_found) co_return text.error();
    if (!text) {
      if (ledger_.same_definition) tell(DifferenceKind::manifest_missing, *name, "is not there");
      co_return Result<void>();
    }
    const auto manifest = parse_manifest(*text);
    if (!manifest) {
      tell(DifferenceKind::manifest, *name, manifest.error().message());
    } else if (const std::string wrong = difference(*manifest, window, own); !wrong.empty()) {
      tell(DifferenceKind::manifest, *name, wrong);
    }
    co_return Result<void>();
  }

  static std::string difference(const Manifest& manifest, const pipeline::Window& window,
                                const std::vector<ObjectInfo>& own) {
    const bool same_window = manifest.window.job == window.job && manifest.window.start == window.start &&
                             manifest.window.end == window.end && manifest.window.label == window.label;
    if (!same_window) return "is of another job or window";
    if (manifest.objects.size() != own.size()) {
      return fmt::format("names {} objects, the ledger {}", manifest.objects.size(), own.size());
    }
    for (std::size_t place = 0; place < own.size(); ++place) {
      const ObjectInfo& said = manifest.objects[place];
      if (said == own[place]) continue;
      return fmt::format(
          "says {}: {} bytes, {} rows, CRC-64 {}; the ledger says {}: {} bytes, {} rows, CRC-64 {}",
          said.name, said.bytes, said.rows, said.crc64, own[place].name, own[place].bytes, own[place].rows,
          own[place].crc64);
    }
    return "";
  }

  ObjectStore& store_;
  const LedgerWindow& ledger_;
  std::vector<std::optional<ObjectHead>> heads_;
  WindowCheck check_;
};

}  // namespace

std::string_view to_string(DifferenceKind kind) noexcept {
  constexpr std::array<std::string_view, 7> kNames{
      "missing", "size", "checksum", "unexpected", "rows", "manifest_missing", "manifest"};
  return kNames[static_cast<std::size_t>(kind)];
}

awaitable<Result<WindowCheck>> check_window(ObjectStore& store, const LedgerWindow& ledger) {
  Checking checking(store, ledger);
  auto checked = co_await checking.run();
  co_return checked;
}

}  // namespace sluice::objects
