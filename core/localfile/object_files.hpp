#pragma once
// Objects as files below one directory. Calls block; the store runs them on its thread.

#include "core/localfile/descriptor.hpp"
#include "core/localfile/object_path.hpp"
#include "core/objects/object_store.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::localfile {

// A file appears under its name only when it is complete and on the disk: until then it is a hidden file
// beside it (upload_name()), which listings of objects leave out and listings of uploads show. A call that
// fails removes its hidden file; where that fails, too, leftovers() says so. Folders are made as needed and
// stay. Errors name the path and the system's reason.
class ObjectFiles {
 public:
  // `files` outlives it. `directory` is absolute and must exist.
  ObjectFiles(FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  // Of `traits` only metadata, kept as attributes of the file, and only_if_new have a meaning. `upload_id`: a
  // fresh one for the hidden file, here and below (is_upload_id()).
  Result<void> put(const std::string& object, std::string_view body, const objects::ObjectTraits& traits,
                   const std::string& upload_id);
  Result<objects::ObjectHead> head(const std::string& object);  // reads all of it for the CRC-64
  Result<std::string> get(const std::string& object, std::size_t bytes_max);
  Result<void> remove(const std::string& object);
  Result<bool> exists(const std::string& object);

  // Parts stand in the hidden file in the order in which they came. If that is the order of their numbers,
  // completing is a rename; else they are copied in order first, under `copy_id`.
  Result<void> begin_upload(const std::string& object, const objects::ObjectTraits& traits,
                            const std::string& upload_id);
  Result<void> add_part(const std::string& upload_id, int number, std::string_view body, std::uint64_t crc64);
  Result<void> complete(const std::string& upload_id, const std::vector<objects::Part>& parts,
                        std::uint64_t bytes, std::uint64_t crc64, bool only_if_new,
                        const std::string& copy_id);
  Result<void> abort(const std::string& object, const std::string& upload_id);

  Result<std::vector<objects::ListedObject>> list_objects(const std::string& prefix);
  Result<std::vector<objects::ListedUpload>> list_uploads(const std::string& prefix);

  // From any thread.
  bool leftovers() const noexcept { return leftovers_; }

 private:
  struct Extent {
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;
    std::uint64_t crc64 = 0;
  };
  struct Upload {
    std::string object;
    FileSystem::Attributes metadata;
    std::uint64_t bytes = 0;  // of the hidden file
    std::map<int, Extent> parts;
  };
  // Where a file stands, or will.
  struct Place {
    Descriptor folder;
    std::string file;
    std::string object;
  };
  struct Found {
    std::vector<objects::ListedObject> objects;
    std::vector<objects::ListedUpload> uploads;
  };

  static constexpr std::size_t kPieceBytes = 1024 * 1024;  // read at once

  Error failure(int result, std::string_view doing, const std::string& name) const;
  Result<Place> open_place(const std::string& object, bool make);
  Result<Descriptor> open_root();
  int make_folder(int parent, const std::string& name);
  Result<Descriptor> open_file(const Place& place, const std::string& name, FileSystem::Open how);
  Result<void> write_all(int file, std::string_view bytes, std::uint64_t at, const Place& place);
  Result<void> read_some(int file, std::string& bytes, std::uint64_t at, const Place& place);
  Result<void> write_hidden(const Place& place, const std::string& hidden, std::string_view body,
                            const FileSystem::Attributes& metadata);
  Result<void> set_metadata(int file, const FileSystem::Attributes& metadata, const Place& place);
  Result<void> sync(const Place& place, const std::string& hidden);
  Result<void> publish(const Place& place, const std::string& hidden, bool only_if_new);
  Result<void> check(const Upload& upload, const std::vector<objects::Part>& parts, std::uint64_t bytes,
                     std::uint64_t crc64) const;
  Result<void> copy(const Place& place, const std::string& from, const std::string& to, const Upload& upload,
                    const std::vector<objects::Part>& parts);
  void discard(const Place& place, const std::string& hidden);
  Result<Found> list(const std::string& prefix);
  Result<void> list_folder(int folder, const std::string& place, const std::string& prefix, Found& found);
  Result<void> list_entry(int folder, const FileSystem::Entry& entry, const std::string& place,
                          const std::string& prefix, Found& found);

  FileSystem& files_;
  std::string directory_;
  std::map<std::string, Upload> uploads_;  // those begun here, by id
  std::atomic<bool> leftovers_ = false;
};

}  // namespace sluice::localfile
