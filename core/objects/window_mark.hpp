#pragma once
// Tells the objects of a window from others' where none may be overwritten (writeMode nonConflict).

#include "core/base/clock.hpp"
#include "core/objects/object_store.hpp"

#include <set>
#include <string>

namespace sluice::objects {

// Objects carry their window's mark as metadata. One that is there before its window ever succeeded and bears
// the mark was left by a commit that a crash cut off: it may be replaced. In other modes nothing is marked.
class WindowMark {
 public:
  WindowMark(ObjectStore& store, bool exclusive, std::string text)
      : store_(store), exclusive_(exclusive), text_(std::move(text)) {}

  bool exclusive() const noexcept { return exclusive_; }

  // `traits` as the object `name` is made with.
  ObjectTraits on(ObjectTraits traits, const std::string& name) const;

  // Looks the object up; false also if there is none.
  awaitable<Result<bool>> is_on(const std::string& name) const;

  void add_leftover(const std::string& name) { leftovers_.insert(name); }
  bool is_leftover(const std::string& name) const { return leftovers_.contains(name); }

  // True if `name` is a leftover with the content that it is to get. Asks for leftovers only.
  awaitable<Result<bool>> is_made(const std::string& name, std::uint64_t bytes, std::uint64_t crc64) const;

 private:
  bool bears(const ObjectHead& head) const;

  ObjectStore& store_;
  bool exclusive_;
  std::string text_;
  std::set<std::string, std::less<>> leftovers_;
};

}  // namespace sluice::objects
