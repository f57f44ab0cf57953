#include "core/localfile/store.hpp"

#include "core/base/worker_thread.hpp"
#include "core/localfile/object_files.hpp"

#include <fmt/format.h>

#include <optional>

namespace sluice::localfile {
namespace {

using objects::ObjectTraits;
using objects::Part;

class FileStore final : public objects::ObjectStore {
 public:
  FileStore(Random& random, std::shared_ptr<FileSystem> files, const std::string& directory)
      : random_(random), file_system_(std::move(files)), files_(*file_system_, directory) {}

  awaitable<Result<void>> put_object(const std::string& object, std::string_view body,
                                     const ObjectTraits& traits) override {
    const std::string id = new_id();
    auto work = [&] { return files_.put(object, body, traits, id); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<objects::ObjectHead>> head_object(const std::string& object) override {
    auto work = [&] { return files_.head(object); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<std::string>> get_object(const std::string& object, std::size_t bytes_max) override {
    auto work = [&] { return files_.get(object, bytes_max); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<void>> delete_object(const std::string& object) override {
    auto work = [&] { return files_.remove(object); };
    co_return co_await thread().call(work);
  }

  awaitable<Result<std::string>> initiate_upload(const std::string& object,
                                                 const ObjectTraits& traits) override {
    const std::string id = new_id();
    auto work = [&] { return files_.begin_upload(object, traits, id); };
    const Result<void> begun = co_await thread().call(work);
    if (!begun) co_return begun.error();
    co_return id;
  }
  awaitable<Result<Part>> upload_part(const std::string&, const std::string& upload_id, int number,
                                      std::string_view body, std::uint64_t crc64) override {
    auto work = [&] { return files_.add_part(upload_id, number, body, crc64); };
    const Result<void> added = co_await thread().call(work);
    if (!added) co_return added.error();
    Part part;
    part.number = number;
    part.etag = fmt::format("{:016x}", crc64);
    co_return part;
  }
  awaitable<Result<void>> complete_upload(const std::string&, const std::string& upload_id,
                                          const std::vector<Part>& parts, std::uint64_t bytes,
                                          std::uint64_t crc64, const ObjectTraits& traits) override {
    const std::string copy_id = new_id();
    auto work = [&] { return files_.complete(upload_id, parts, bytes, crc64, traits.only_if_new, copy_id); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<void>> abort_upload(const std::string& object, const std::string& upload_id) override {
    auto work = [&] { return files_.abort(object, upload_id); };
    co_return co_await thread().call(work);
  }

  awaitable<Result<std::vector<objects::ListedUpload>>> list_uploads(const std::string& prefix) override {
    auto work = [&] { return files_.list_uploads(prefix); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<std::vector<objects::ListedObject>>> list_objects(const std::string& prefix) override {
    auto work = [&] { return files_.list_objects(prefix); };
    co_return co_await thread().call(work);
  }
  awaitable<Result<bool>> object_exists(const std::string& object) override {
    auto work = [&] { return files_.exists(object); };
    co_return co_await thread().call(work);
  }

  bool may_have_lost_upload() const noexcept override { return files_.leftovers(); }

 private:
  std::string new_id() { return fmt::format("{:016x}", random_.next()); }
  WorkerThread& thread() {
    if (!thread_) thread_.emplace("localfile");
    return *thread_;
  }

  Random& random_;
  std::shared_ptr<FileSystem> file_system_;
  ObjectFiles files_;
  std::optional<WorkerThread> thread_;  // behind what it works on
};

}  // namespace

Result<objects::StoreMaker> make_store_maker(Random& random, std::shared_ptr<FileSystem> files,
                                             const job::Target& target) {
  const std::string& directory = target.directory;
  if (!directory.starts_with('/') || directory.find('\0') != std::string::npos) {
    return Error(Errc::invalid_argument,
                 fmt::format("use directory \"{}\": it is no absolute path; correct `directory`", directory));
  }
  return objects::StoreMaker([&random, files = std::move(files),
                              directory](const objects::OnRetry&) -> std::unique_ptr<objects::ObjectStore> {
    return std::make_unique<FileStore>(random, files, directory);
  });
}

}  // namespace sluice::localfile
