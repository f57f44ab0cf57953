#include "daemon/api/plan_difference.hpp"

#include "daemon/api/api_json.hpp"

#include <fmt/format.h>

#include <map>

namespace sluice::daemon {
namespace {

std::map<std::string, std::string> texts_of(const PlannedInstance& planned) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : planned.instance.values) texts["values." + name] = value;
  texts["window.start"] = utc_text(planned.instance.window_start);
  texts["window.end"] = utc_text(planned.instance.window_end);
  texts["object"] = planned.object;
  return texts;
}

std::vector<job::KeyChange> changes_between(const PlannedInstance& before, const PlannedInstance& after) {
  std::vector<job::KeyChange> changes;
  auto old_texts = texts_of(before);
  for (auto& [key, value] : texts_of(after)) {
    std::string& old = old_texts[key];
    if (old != value) changes.push_back(job::KeyChange{key, old, value});
    old_texts.erase(key);
  }
  for (auto& [key, value] : old_texts) changes.push_back(job::KeyChange{key, value, ""});
  return changes;
}

SlotDifference slot_difference(SlotDifference::Kind kind, const PlannedInstance& planned) {
  SlotDifference difference;
  difference.kind = kind;
  difference.id = planned.instance.id;
  return difference;
}

}  // namespace

std::string_view to_string(SlotDifference::Kind kind) noexcept {
  switch (kind) {
    case SlotDifference::Kind::gone:
      return "gone";
    case SlotDifference::Kind::added:
      return "added";
    case SlotDifference::Kind::changed:
      break;
  }
  return "changed";
}

std::optional<Instant> end_together(PlannedPage& before, PlannedPage& after) {
  std::optional<Instant> end = before.next;
  if (after.next && (!end || *after.next < *end)) end = after.next;
  if (!end) return end;
  for (PlannedPage* page : {&before, &after}) {
    std::erase_if(page->instances,
                  [&](const PlannedInstance& planned) { return planned.instance.id.scheduled >= *end; });
    page->next = end;
  }
  return end;
}

std::vector<SlotDifference> compare_slots(const std::vector<PlannedInstance>& before,
                                          const std::vector<PlannedInstance>& after, std::size_t& unchanged) {
  std::vector<SlotDifference> slots;
  auto old = before.begin();
  auto next = after.begin();
  while (old != before.end() || next != after.end()) {
    const Instant old_slot = old == before.end() ? Instant::max() : old->instance.id.scheduled;
    const Instant next_slot = next == after.end() ? Instant::max() : next->instance.id.scheduled;
    if (old_slot < next_slot) {
      slots.push_back(slot_difference(SlotDifference::Kind::gone, *old++));
    } else if (next_slot < old_slot) {
      slots.push_back(slot_difference(SlotDifference::Kind::added, *next++));
    } else {
      SlotDifference difference = slot_difference(SlotDifference::Kind::changed, *next);
      difference.changes = changes_between(*old++, *next++);
      if (difference.changes.empty()) {
        ++unchanged;
      } else {
        slots.push_back(std::move(difference));
      }
    }
  }
  return slots;
}

}  // namespace sluice::daemon
