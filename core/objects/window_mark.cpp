#include "core/objects/window_mark.hpp"

#include <algorithm>

namespace sluice::objects {
namespace {

constexpr const char* kMetadata = "sluice-window";

}  // namespace

ObjectTraits WindowMark::on(ObjectTraits traits, const std::string& name) const {
  if (!exclusive_) return traits;
  traits.metadata.emplace_back(kMetadata, text_);
  traits.only_if_new = !is_leftover(name);
  return traits;
}

bool WindowMark::bears(const ObjectHead& head) const {
  return std::any_of(head.metadata.begin(), head.metadata.end(),
                     [&](const auto& entry) { return entry.first == kMetadata && entry.second == text_; });
}

awaitable<Result<bool>> WindowMark::is_on(const std::string& name) const {
  const Result<ObjectHead> head = co_await store_.head_object(name);
  if (!head && head.error().code() == Errc::not_found) co_return false;
  if (!head) co_return head.error();
  co_return bears(*head);
}

awaitable<Result<bool>> WindowMark::is_made(const std::string& name, std::uint64_t bytes,
                                            std::uint64_t crc64) const {
  if (!is_leftover(name)) co_return false;
  const Result<ObjectHead> head = co_await store_.head_object(name);
  if (!head && head.error().code() == Errc::not_found) co_return false;
  if (!head) co_return head.error();
  co_return bears(*head) && head->bytes == bytes && head->crc64 == crc64;
}

}  // namespace sluice::objects
