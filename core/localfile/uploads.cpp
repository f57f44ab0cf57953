// The uploads and listings of ObjectFiles.

#include "core/base/crc64.hpp"
#include "core/localfile/object_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace sluice::localfile {
namespace {

using Open = FileSystem::Open;

constexpr std::size_t kNameBytesMax = 1023;  // of an object

Error unknown_upload(const std::string& upload_id) {
  return Error(Errc::not_found,
               fmt::format("go on with upload {}: it was not begun by this attempt", upload_id));
}

template <class Item, class Name>
void sort_by(std::vector<Item>& items, Name name) {
  std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return a.*name < b.*name; });
}

}  // namespace

Result<void> ObjectFiles::begin_upload(const std::string& object, const objects::ObjectTraits& traits,
                                       const std::string& upload_id) {
  const auto place = open_place(object, true);
  if (!place) return place.error();
  const Result<void> made = write_hidden(*place, upload_name(upload_id, place->file), {}, traits.metadata);
  if (!made) return made;
  Upload& upload = uploads_[upload_id];
  upload.object = object;
  upload.metadata = traits.metadata;
  return made;
}

Result<void> ObjectFiles::add_part(const std::string& upload_id, int number, std::string_view body,
                                   std::uint64_t crc64) {
  const auto found = uploads_.find(upload_id);
  if (found == uploads_.end()) return unknown_upload(upload_id);
  Upload& upload = found->second;
  const auto place = open_place(upload.object, false);
  if (!place) return place.error();
  auto file = open_file(*place, upload_name(upload_id, place->file), Open::write);
  if (!file) return file.error();
  const Result<void> written = write_all(file->get(), body, upload.bytes, *place);
  if (!written) return written;
  const int closed = file->close();
  if (closed < 0) return failure(closed, "close file", upload.object);
  upload.parts[number] = Extent{upload.bytes, body.size(), crc64};
  upload.bytes += body.size();
  return {};
}

// That the parts are those that came, and make up the object as its writer knows it.
Result<void> ObjectFiles::check(const Upload& upload, const std::vector<objects::Part>& parts,
                                std::uint64_t bytes, std::uint64_t crc64) const {
  std::uint64_t size = 0;
  std::uint64_t crc = 0;
  for (const objects::Part& part : parts) {
    const auto extent = upload.parts.find(part.number);
    if (extent == upload.parts.end()) {
      return Error(Errc::invalid_argument,
                   fmt::format("complete upload of {}: there is no part {}", upload.object, part.number));
    }
    size += extent->second.bytes;
    crc = crc64_combine(crc, extent->second.crc64, extent->second.bytes);
  }
  if (size == bytes && crc == crc64) return {};
  return Error(Errc::corrupt,
               fmt::format("complete upload of {}: its parts have {} bytes with CRC-64 {}, not {} with {}",
                           upload.object, size, crc, bytes, crc64));
}

Result<void> ObjectFiles::complete(const std::string& upload_id, const std::vector<objects::Part>& parts,
                                   std::uint64_t bytes, std::uint64_t crc64, bool only_if_new,
                                   const std::string& copy_id) {
  const auto found = uploads_.find(upload_id);
  if (found == uploads_.end()) return unknown_upload(upload_id);
  const Upload& upload = found->second;
  const Result<void> checked = check(upload, parts, bytes, crc64);
  if (!checked) return checked;
  const auto place = open_place(upload.object, false);
  if (!place) return place.error();
  std::uint64_t end = 0;
  bool in_order = true;
  for (const objects::Part& part : parts) {
    const Extent& extent = upload.parts.at(part.number);
    in_order = in_order && extent.at == end;
    end += extent.bytes;
  }
  in_order = in_order && end == upload.bytes;
  const std::string received = upload_name(upload_id, place->file);
  const std::string ordered = in_order ? received : upload_name(copy_id, place->file);
  if (!in_order) {
    const Result<void> copied = copy(*place, received, ordered, upload, parts);
    if (!copied) return copied;
  }
  const Result<void> published = publish(*place, ordered, only_if_new);
  if (!in_order) discard(*place, published ? received : ordered);
  if (published) uploads_.erase(found);
  return published;
}

Result<void> ObjectFiles::copy(const Place& place, const std::string& from, const std::string& to,
                               const Upload& upload, const std::vector<objects::Part>& parts) {
  const auto source = open_file(place, from, Open::read);
  if (!source) return source.error();
  auto target = open_file(place, to, Open::make);
  if (!target) return target.error();
  Result<void> done = set_metadata(target->get(), upload.metadata, place);
  std::uint64_t at = 0;
  std::string bytes;
  for (const objects::Part& part : parts) {
    const Extent& extent = upload.parts.at(part.number);
    for (std::uint64_t copied = 0; done && copied < extent.bytes; copied += bytes.size()) {
      bytes.resize(std::min<std::uint64_t>(kPieceBytes, extent.bytes - copied));
      done = read_some(source->get(), bytes, extent.at + copied, place);
      if (done && bytes.empty()) done = failure(-EIO, "read file", place.object);
      if (done) done = write_all(target->get(), bytes, at, place);
      at += bytes.size();
    }
  }
  const int closed = target->close();
  if (done && closed < 0) done = failure(closed, "close file", place.object);
  if (!done) discard(place, to);
  return done;
}

Result<void> ObjectFiles::abort(const std::string& object, const std::string& upload_id) {
  if (!is_upload_id(upload_id)) return unknown_upload(upload_id);
  uploads_.erase(upload_id);
  const auto place = open_place(object, false);
  if (!place && place.error().code() == Errc::not_found) return {};
  if (!place) return place.error();
  const int removed = files_.remove(place->folder.get(), upload_name(upload_id, place->file));
  if (removed < 0 && removed != -ENOENT) return failure(removed, "delete the upload of", object);
  return {};
}

Result<std::vector<objects::ListedObject>> ObjectFiles::list_objects(const std::string& prefix) {
  auto found = list(prefix);
  if (!found) return found.error();
  sort_by(found->objects, &objects::ListedObject::name);
  return std::move(found->objects);
}

Result<std::vector<objects::ListedUpload>> ObjectFiles::list_uploads(const std::string& prefix) {
  auto found = list(prefix);
  if (!found) return found.error();
  sort_by(found->uploads, &objects::ListedUpload::object);
  return std::move(found->uploads);
}

Result<ObjectFiles::Found> ObjectFiles::list(const std::string& prefix) {
  const auto root = open_root();
  if (!root) return root.error();
  Found found;
  const std::string any_name = prefix.substr(0, prefix.rfind('/') + 1) + "x";
  const auto place = open_place(any_name, false);
  if (!place && place.error().code() == Errc::not_found) return found;
  if (!place) return place.error();
  const std::string folder = any_name.substr(0, any_name.size() - 1);
  const Result<void> listed = list_folder(place->folder.get(), folder, prefix, found);
  if (!listed) return listed.error();
  return found;
}

// `place`: "" or "folder/".
Result<void> ObjectFiles::list_folder(int folder, const std::string& place, const std::string& prefix,
                                      Found& found) {
  std::vector<FileSystem::Entry> entries;
  const int listed = files_.list(folder, entries);
  if (listed < 0) return failure(listed, "list folder", place);
  for (const FileSystem::Entry& entry : entries) {
    const Result<void> done = list_entry(folder, entry, place, prefix, found);
    if (!done) return done;
  }
  return {};
}

Result<void> ObjectFiles::list_entry(int folder, const FileSystem::Entry& entry, const std::string& place,
                                     const std::string& prefix, Found& found) {
  if (const auto upload = parse_upload_name(entry.name); upload && !entry.is_folder) {
    const std::string object = place + upload->file;
    if (object.starts_with(prefix)) found.uploads.push_back({object, upload->upload_id});
    return {};
  }
  const std::string name = place + entry.name;
  if (is_reserved(entry.name) || !name.starts_with(prefix) || name.size() > kNameBytesMax) return {};
  if (!entry.is_folder) {
    FileSystem::Entry file;
    const int looked = files_.look_up(folder, entry.name, file);
    if (looked == -ENOENT) return {};  // gone meanwhile
    if (looked < 0) return failure(looked, "look up file", name);
    found.objects.push_back({name, file.bytes});
    return {};
  }
  const int below = files_.open(folder, entry.name, Open::folder);
  if (below == -ENOENT) return {};
  if (below < 0) return failure(below, "open folder", name);
  const Descriptor descriptor(files_, below);
  return list_folder(below, name + "/", prefix, found);
}

}  // namespace sluice::localfile
