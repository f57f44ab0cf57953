#include "tests/sandbox/oss_store.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_error.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <fcntl.h>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

std::string file_stem(const std::string& key) { return hex_lower(sha256(key)); }

json::object from_headers(const StoredHeaders& headers) {
  json::object out;
  for (const auto& [name, value] : headers) out[name] = value;
  return out;
}

StoredHeaders to_headers(const json::value& value) {
  StoredHeaders out;
  for (const auto& [name, text] : value.as_object()) out.emplace(name, text.as_string());
  return out;
}

std::string text(const json::value& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

// NNNNN-MD5-CRC64: what is known of a part stands in the name of its file.
std::string part_file(int number, std::string_view etag, std::uint64_t crc) {
  return fmt::format("{:05}-{}-{:016x}", number, etag, crc);
}

}  // namespace

Bucket::Bucket(std::filesystem::path folder, std::string acl, std::int64_t created_us)
    : folder_(std::move(folder)), acl_(std::move(acl)), created_us_(created_us) {
  std::filesystem::create_directories(folder_ / "objects");
  std::filesystem::create_directories(folder_ / "uploads");
  const json::object saved{{"acl", acl_}, {"created_us", created_us_}};
  replace_file(folder_ / "bucket.json", json::serialize(saved));
}

Bucket::Bucket(std::filesystem::path folder) : folder_(std::move(folder)) {
  const json::value saved = json::parse(read_file(folder_ / "bucket.json"));
  acl_ = text(saved, "acl");
  created_us_ = saved.at("created_us").as_int64();
  load_objects();
  load_uploads();
}

void Bucket::load_objects() {
  std::set<std::string> live;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "objects")) {
    if (entry.path().extension() != ".json") continue;
    const json::value saved = json::parse(read_file(entry.path()));
    Object object;
    object.data_file = text(saved, "data_file");
    object.size = saved.at("size").to_number<std::uint64_t>();
    object.etag = text(saved, "etag");
    object.md5 = text(saved, "md5");
    object.crc = saved.at("crc").to_number<std::uint64_t>();
    object.type = text(saved, "type");
    object.modified_us = saved.at("modified_us").as_int64();
    object.headers = to_headers(saved.at("headers"));
    live.insert(object.data_file);
    objects_.emplace(text(saved, "key"), std::move(object));
  }
  // Data that no metadata names was being written when the program was killed.
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "objects"))
    if (entry.path().extension() != ".json" && !live.contains(entry.path().filename()))
      std::filesystem::remove(entry.path());
}

void Bucket::load_uploads() {
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "uploads")) {
    if (!std::filesystem::exists(entry.path() / "upload.json")) continue;
    const json::value saved = json::parse(read_file(entry.path() / "upload.json"));
    Upload upload;
    upload.key = text(saved, "key");
    upload.initiated_us = saved.at("initiated_us").as_int64();
    upload.headers = to_headers(saved.at("headers"));
    for (const auto& file : std::filesystem::directory_iterator(entry.path())) {
      const std::string name = file.path().filename();
      if (name.size() != 5 + 1 + 32 + 1 + 16) continue;
      Part part;
      part.file = name;
      part.size = file.file_size();
      part.etag = name.substr(6, 32);
      std::from_chars(name.data() + 39, name.data() + name.size(), part.crc, 16);
      part.modified_us = upload.initiated_us;
      upload.parts[std::stoi(name.substr(0, 5))] = std::move(part);
    }
    uploads_.emplace(entry.path().filename(), std::move(upload));
  }
}

const Object* Bucket::find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

std::shared_ptr<const File> Bucket::open(const Object& object) const {
  return std::make_shared<const File>(data_path(object.data_file), O_RDONLY);
}

std::string Bucket::new_data_file(const std::string& key) const {
  return fmt::format("{}.{:x}{}", file_stem(key), now_us(), random_hex(4));
}

std::filesystem::path Bucket::data_path(const std::string& data_file) const {
  return folder_ / "objects" / data_file;
}

void Bucket::put(const std::string& key, Object object) {
  const json::object saved{{"key", key},
                           {"data_file", object.data_file},
                           {"size", object.size},
                           {"etag", object.etag},
                           {"md5", object.md5},
                           {"crc", object.crc},
                           {"type", object.type},
                           {"modified_us", object.modified_us},
                           {"headers", from_headers(object.headers)}};
  replace_file(folder_ / "objects" / (file_stem(key) + ".json"), json::serialize(saved));
  Object& place = objects_[key];
  if (!place.data_file.empty() && place.data_file != object.data_file)
    std::filesystem::remove(data_path(place.data_file));
  place = std::move(object);
}

void Bucket::erase(const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  std::filesystem::remove(folder_ / "objects" / (file_stem(key) + ".json"));
  std::filesystem::remove(data_path(found->second.data_file));
  objects_.erase(found);
}

std::string Bucket::start_upload(Upload upload) {
  const std::string id = hex_upper(md5(upload.key + random_hex(32)));
  std::filesystem::create_directories(folder_ / "uploads" / id);
  const json::object saved{
      {"key", upload.key}, {"initiated_us", upload.initiated_us}, {"headers", from_headers(upload.headers)}};
  replace_file(folder_ / "uploads" / id / "upload.json", json::serialize(saved));
  uploads_.emplace(id, std::move(upload));
  return id;
}

Upload& Bucket::upload(const std::string& id, const std::string& key) {
  const auto found = uploads_.find(id);
  if (found == uploads_.end() || found->second.key != key)
    throw OssError(
        404, "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
        "aborted or completed.")
        .with("UploadId", id);
  return found->second;
}

void Bucket::put_part(const std::string& id, int number, std::string_view data) {
  Part part;
  part.size = data.size();
  part.etag = hex_upper(md5(data));
  part.crc = crc64(0, data);
  part.modified_us = now_us();
  part.file = part_file(number, part.etag, part.crc);
  const std::filesystem::path folder = folder_ / "uploads" / id;
  replace_file(folder / part.file, data);
  Part& place = uploads_.at(id).parts[number];
  if (!place.file.empty() && place.file != part.file) std::filesystem::remove(folder / place.file);
  place = std::move(part);
}

File Bucket::open_part(const std::string& id, const Part& part) const {
  return File(folder_ / "uploads" / id / part.file, O_RDONLY);
}

void Bucket::end_upload(const std::string& id) {
  std::filesystem::remove(folder_ / "uploads" / id / "upload.json");
  std::filesystem::remove_all(folder_ / "uploads" / id);
  uploads_.erase(id);
}

void Bucket::destroy() {
  std::filesystem::remove(folder_ / "bucket.json");
  std::filesystem::remove_all(folder_);
}

ObjectStore::ObjectStore(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    if (std::filesystem::exists(entry.path() / "bucket.json"))
      buckets_.emplace(entry.path().filename(), Bucket(entry.path()));
}

std::int64_t ObjectStore::now_us() const { return sandbox::now_us() + clock_offset_us; }

Bucket* ObjectStore::find(const std::string& name) {
  const auto found = buckets_.find(name);
  return found == buckets_.end() ? nullptr : &found->second;
}

Bucket& ObjectStore::at(const std::string& name) {
  Bucket* bucket = find(name);
  if (bucket == nullptr)
    throw OssError(404, "NoSuchBucket", "The specified bucket does not exist.").with("BucketName", name);
  return *bucket;
}

Bucket& ObjectStore::create(const std::string& name, const std::string& acl) {
  std::filesystem::remove_all(folder_ / name);
  return buckets_.emplace(name, Bucket(folder_ / name, acl, sandbox::now_us())).first->second;
}

void ObjectStore::erase(const std::string& name) {
  at(name).destroy();
  buckets_.erase(name);
}

}  // namespace sluice::sandbox
