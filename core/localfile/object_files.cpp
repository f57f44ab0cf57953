#include "core/localfile/object_files.hpp"

#include "core/base/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace sluice::localfile {
namespace {

using Open = FileSystem::Open;

std::string_view way_out(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return "; free space there";
    case EROFS:
      return "; make the file system writable or correct `directory`";
    case EACCES:
    case EPERM:
      return "; give this user the right to write there";
    case EFBIG:
      return "; raise the limit of this process on the size of files (LimitFSIZE)";
    case ELOOP:
    case ENOTDIR:
      return "; no file and no symbolic link may stand where a folder is needed";
    default:
      return "";
  }
}

}  // namespace

Error ObjectFiles::failure(int result, std::string_view doing, const std::string& name) const {
  const int number = -result;
  const std::string path = name.empty() ? directory_ : directory_ + "/" + name;
  const Error error = from_errno(number, fmt::format("{} {}", doing, path));
  const Errc code = number == EEXIST ? Errc::conflict : error.code();
  return Error(code, error.message() + std::string(way_out(number)));
}

Result<Descriptor> ObjectFiles::open_root() {
  const int root = files_.open(-1, directory_, Open::root);
  if (root >= 0) return Descriptor(files_, root);
  const Error error = failure(root, "open directory", "");
  if (root != -ENOENT) return error;
  return Error(error.code(), error.message() + "; create it or correct `directory`");
}

// A folder that is new is on the disk before anything is put into it.
int ObjectFiles::make_folder(int parent, const std::string& name) {
  const int made = files_.make_folder(parent, name);
  if (made < 0) return made == -EEXIST ? 0 : made;
  return files_.sync(parent);
}

Result<ObjectFiles::Place> ObjectFiles::open_place(const std::string& object, bool make) {
  auto path = ObjectPath::parse(object);
  if (!path) return path.error();
  auto folder = open_root();
  if (!folder) return folder.error();
  std::string name;
  for (const std::string& part : path->folders) {
    name += (name.empty() ? "" : "/") + part;
    int next = files_.open(folder->get(), part, Open::folder);
    if (next == -ENOENT && make) {
      const int made = make_folder(folder->get(), part);
      if (made < 0) return failure(made, "make folder", name);
      next = files_.open(folder->get(), part, Open::folder);
    }
    if (next < 0) return failure(next, "open folder", name);
    folder = Descriptor(files_, next);
  }
  return Place{std::move(*folder), path->file, object};
}

Result<Descriptor> ObjectFiles::open_file(const Place& place, const std::string& name, Open how) {
  const int file = files_.open(place.folder.get(), name, how);
  if (file < 0) return failure(file, how == Open::make ? "make file" : "open file", place.object);
  return Descriptor(files_, file);
}

Result<void> ObjectFiles::write_all(int file, std::string_view bytes, std::uint64_t at, const Place& place) {
  while (!bytes.empty()) {
    const std::int64_t written = files_.write(file, bytes, at);
    if (written <= 0)
      return failure(written < 0 ? static_cast<int>(written) : -EIO, "write file", place.object);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  return {};
}

// Fills `bytes`; fewer only at the end of the file.
Result<void> ObjectFiles::read_some(int file, std::string& bytes, std::uint64_t at, const Place& place) {
  std::size_t filled = 0;
  std::string piece;
  while (filled < bytes.size()) {
    piece.resize(bytes.size() - filled);
    const std::int64_t received = files_.read(file, piece, at + filled);
    if (received < 0) return failure(static_cast<int>(received), "read file", place.object);
    if (received == 0) break;
    const auto size = static_cast<std::size_t>(received);
    piece.copy(bytes.data() + filled, size);
    filled += size;
  }
  bytes.resize(filled);
  return {};
}

void ObjectFiles::discard(const Place& place, const std::string& hidden) {
  const int removed = files_.remove(place.folder.get(), hidden);
  if (removed < 0 && removed != -ENOENT) leftovers_ = true;
}

// Makes the hidden file with all of `body`; what fails on the way leaves none.
Result<void> ObjectFiles::write_hidden(const Place& place, const std::string& hidden, std::string_view body,
                                       const FileSystem::Attributes& metadata) {
  auto file = open_file(place, hidden, Open::make);
  if (!file) return file.error();
  Result<void> done = set_metadata(file->get(), metadata, place);
  if (done) done = write_all(file->get(), body, 0, place);
  const int closed = file->close();
  if (done && closed < 0) done = failure(closed, "close file", place.object);
  if (!done) discard(place, hidden);
  return done;
}

Result<void> ObjectFiles::set_metadata(int file, const FileSystem::Attributes& metadata, const Place& place) {
  for (const auto& [name, value] : metadata) {
    const int set = files_.set_attribute(file, name, value);
    if (set == -EOPNOTSUPP) {
      return Error(
          Errc::invalid_argument,
          fmt::format("mark file {}/{}: this file system keeps no attributes of files, which writeMode "
                      "nonConflict needs; use truncate or another `directory`",
                      directory_, place.object));
    }
    if (set < 0) return failure(set, "mark file", place.object);
  }
  return {};
}

Result<void> ObjectFiles::sync(const Place& place, const std::string& hidden) {
  const auto file = open_file(place, hidden, Open::read);
  if (!file) return file.error();
  const int synced = files_.sync(file->get());
  if (synced < 0) return failure(synced, "sync file", place.object);
  return {};
}

// From the hidden file to the visible one, both times on the disk.
Result<void> ObjectFiles::publish(const Place& place, const std::string& hidden, bool only_if_new) {
  const Result<void> synced = sync(place, hidden);
  if (!synced) return synced;
  const int renamed = files_.rename(place.folder.get(), hidden, place.file, only_if_new);
  if (renamed < 0) return failure(renamed, "name file", place.object);
  const int kept = files_.sync(place.folder.get());
  if (kept < 0) return failure(kept, "sync the folder of", place.object);
  return {};
}

Result<void> ObjectFiles::put(const std::string& object, std::string_view body,
                              const objects::ObjectTraits& traits, const std::string& upload_id) {
  const auto place = open_place(object, true);
  if (!place) return place.error();
  const std::string hidden = upload_name(upload_id, place->file);
  const Result<void> written = write_hidden(*place, hidden, body, traits.metadata);
  if (!written) return written;
  const Result<void> published = publish(*place, hidden, traits.only_if_new);
  if (!published) discard(*place, hidden);
  return published;
}

Result<objects::ObjectHead> ObjectFiles::head(const std::string& object) {
  const auto place = open_place(object, false);
  if (!place) return place.error();
  const auto file = open_file(*place, place->file, Open::read);
  if (!file) return file.error();
  objects::ObjectHead head;
  const int marked = files_.attributes(file->get(), head.metadata);
  if (marked < 0) return failure(marked, "read the marks of file", object);
  std::uint64_t crc = 0;
  std::string bytes;
  do {
    bytes.resize(kPieceBytes);
    const Result<void> read = read_some(file->get(), bytes, head.bytes, *place);
    if (!read) return read.error();
    crc = sluice::crc64(crc, bytes);
    head.bytes += bytes.size();
  } while (bytes.size() == kPieceBytes);
  head.crc64 = crc;
  return head;
}

Result<std::string> ObjectFiles::get(const std::string& object, std::size_t bytes_max) {
  const auto place = open_place(object, false);
  if (!place) return place.error();
  const auto file = open_file(*place, place->file, Open::read);
  if (!file) return file.error();
  FileSystem::Entry entry;
  const int looked = files_.look_up(place->folder.get(), place->file, entry);
  if (looked < 0) return failure(looked, "look up file", object);
  const Error too_large(Errc::corrupt, fmt::format("read file {}/{}: it has more than {} bytes", directory_,
                                                   object, bytes_max));
  if (entry.bytes > bytes_max) return too_large;
  std::string bytes(entry.bytes, '\0');
  const Result<void> read = read_some(file->get(), bytes, 0, *place);
  if (!read) return read.error();
  return bytes;
}

Result<void> ObjectFiles::remove(const std::string& object) {
  const auto place = open_place(object, false);
  if (!place && place.error().code() == Errc::not_found) return {};
  if (!place) return place.error();
  const int removed = files_.remove(place->folder.get(), place->file);
  if (removed == -ENOENT) return {};
  if (removed < 0) return failure(removed, "delete file", object);
  const int kept = files_.sync(place->folder.get());
  if (kept < 0) return failure(kept, "sync the folder of", object);
  return {};
}

Result<bool> ObjectFiles::exists(const std::string& object) {
  const auto root = open_root();
  if (!root) return root.error();
  const auto place = open_place(object, false);
  if (!place && place.error().code() == Errc::not_found) return false;
  if (!place) return place.error();
  FileSystem::Entry entry;
  const int found = files_.look_up(place->folder.get(), place->file, entry);
  if (found == -ENOENT) return false;
  if (found < 0) return failure(found, "look up file", object);
  return true;
}

}  // namespace sluice::localfile
