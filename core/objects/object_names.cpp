#include "core/objects/object_names.hpp"

#include "core/job/civil_time.hpp"
#include "core/objects/partition_text.hpp"

#include <fmt/format.h>

namespace sluice::objects {
namespace {

constexpr std::size_t kNameBytesMax = 1023;
constexpr std::size_t kIndexDigits = 4;

std::string suffix_of(const job::Target& target) {
  std::string suffix = target.suffix;
  if (!suffix.empty() && !suffix.starts_with('.')) suffix.insert(suffix.begin(), '.');
  if (suffix.empty() && target.file_format == job::FileFormat::csv) suffix = ".csv";
  if (suffix.empty() && target.file_format == job::FileFormat::jsonl) suffix = ".jsonl";
  std::string_view packed;
  if (target.compression == job::Compression::gzip) packed = ".gz";
  if (target.compression == job::Compression::zstd) packed = ".zst";
  if (!suffix.ends_with(packed)) suffix += packed;
  return suffix;
}

std::size_t digits_at(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

// Length of "_<digits>" at the end of `text`; 0 without.
std::size_t number_behind(std::string_view text) {
  const std::size_t mark = text.rfind('_');
  if (mark == std::string_view::npos || mark + 1 == text.size()) return 0;
  return digits_at(text.substr(mark + 1)) == text.size() - mark - 1 ? text.size() - mark : 0;
}

}  // namespace

Result<std::string> local_stamp(Instant instant, std::string_view zone) {
  const auto civil = job::to_civil(instant, zone);
  if (!civil) return civil.error();
  const auto day = std::chrono::floor<std::chrono::days>(*civil);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(*civil - day);
  std::string stamp = fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto first_pass = job::to_instant(*civil, zone);
  if (first_pass && *first_pass != std::chrono::floor<std::chrono::seconds>(instant)) stamp += 'R';
  return stamp;
}

Result<ObjectNames> ObjectNames::make(const job::Target& target, const pipeline::Window& window) {
  const auto start = local_stamp(window.start, window.zone);
  if (!start) return start.error();
  const auto end = local_stamp(window.end, window.zone);
  if (!end) return end.error();
  if (target.write_single_object && !window.label.empty()) {
    return Error(Errc::invalid_argument,
                 "name object: with writeSingleObject there is one name only; remove `writeSingleObject`");
  }
  ObjectNames names;
  names.single_ = target.write_single_object;
  names.suffix_ = names.single_ ? "" : suffix_of(target);
  names.partitioned_ = !names.single_ && target.partition_columns > 0;
  if (names.single_) {
    names.prefix_ = target.object;
  } else if (window.label.empty()) {
    names.prefix_ = fmt::format("{}__{}_{}_", target.object, *start, *end);
  } else {
    names.prefix_ = fmt::format("{}__{}_{}_", target.object, window.label, *start);
  }
  constexpr std::uint32_t kLongest = 9999;
  const std::string longest = names.object(kLongest, kLongest, std::string(kPartitionBytesMax, 'x'));
  if (target.object.empty() || longest.size() > kNameBytesMax || longest.front() == '/' ||
      longest.front() == '\\') {
    return Error(
        Errc::invalid_argument,
        fmt::format("name object {}: OSS takes 1 to {} bytes, not beginning with \"/\" or \"\\\"; correct "
                    "`object`",
                    names.object(0), kNameBytesMax));
  }
  return names;
}

Result<std::string> manifest_name(const job::Target& target, const pipeline::Window& window) {
  const auto start = local_stamp(window.start, window.zone);
  if (!start) return start.error();
  const auto end = local_stamp(window.end, window.zone);
  if (!end) return end.error();
  std::string name = target.manifest;
  if (!name.ends_with('/')) name += '/';
  name += window.label.empty() ? fmt::format("{}__{}_{}.json", window.job, *start, *end)
                               : fmt::format("{}__{}_{}.json", window.job, window.label, *start);
  if (target.manifest.empty() || name.size() > kNameBytesMax || name.front() == '/' || name.front() == '\\') {
    return Error(Errc::invalid_argument,
                 fmt::format("name manifest {}: OSS takes 1 to {} bytes, not beginning with \"/\" or \"\\\"; "
                             "correct `manifest`",
                             name, kNameBytesMax));
  }
  const auto names = ObjectNames::make(target, window);
  if (!names) return names.error();
  if (names->contains(name)) {
    return Error(
        Errc::invalid_argument,
        fmt::format("name manifest {}: it reads like an object of the window; correct `manifest`", name));
  }
  return name;
}

std::string ObjectNames::object(std::uint32_t index, std::uint32_t part, std::string_view partition) const {
  if (single_) return prefix_;
  std::string name = fmt::format("{}{:04}", prefix_, index);
  if (partitioned_) name.append("_").append(partition);
  // Of a text that ends like a number the first object has one as well, or it would be another's second.
  if (part > 1 || (partitioned_ && number_behind(partition) > 0)) name += fmt::format("_{}", part);
  return name + suffix_;
}

bool ObjectNames::contains(std::string_view name) const {
  if (single_) return name == prefix_;
  if (!name.starts_with(prefix_) || !name.ends_with(suffix_)) return false;
  name.remove_prefix(prefix_.size());
  if (name.size() < kIndexDigits + suffix_.size() || digits_at(name) < kIndexDigits) return false;
  name.remove_suffix(suffix_.size());
  name.remove_prefix(kIndexDigits);
  if (!partitioned_) return name.empty() || number_behind(name) == name.size();
  if (!name.starts_with('_')) return false;
  name.remove_prefix(1);
  name.remove_suffix(number_behind(name));
  return is_partition_text(name);
}

}  // namespace sluice::objects
